import { Client } from 'pg';
import { MIGRATION_LOCK } from '../kernel/locks.js';
import { migrations } from '../migrations/index.js';
import { ensureRoles, secureDatabase, type RolePasswords } from '../roles/index.js';
import { installTelemetry, type DriverName } from '../timeseries/index.js';
import { runMigrations } from './run-migrations.js';

export interface MigrateOptions {
  /** A superuser, or a role with CREATEROLE that owns the database. */
  adminUrl: string;
  /** Each role gets this password, whatever it had before. */
  rolePasswords: RolePasswords;
  /** Where telemetry is not installed yet: how it is stored, whatever the database suggests. */
  telemetryDriver?: DriverName;
  log?: (line: string) => void;
}

export interface MigrationReport {
  /** Names of the migrations that were run now. */
  applied: string[];
  telemetryDriver: DriverName;
}

/**
 * Brings a database, empty or of any earlier version, to the schema of this version: roles, rights, migrations,
 * telemetry store. Of several processes that do so at once, one works and the others wait and find it done.
 */
export async function migrate({
  adminUrl,
  rolePasswords,
  telemetryDriver,
  log = () => undefined,
}: MigrateOptions): Promise<MigrationReport> {
  const admin = new Client({ connectionString: adminUrl, application_name: 'pilothouse migrate' });
  await admin.connect();
  try {
    await admin.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await ensureRoles(admin, rolePasswords);
    await secureDatabase(admin);
    const applied = await runMigrations(adminUrl, migrations);
    for (const name of applied) log(`Applied migration ${name}`);
    const { driver, timescaleOffered } = await installTelemetry(admin, {
      ...(telemetryDriver && { driver: telemetryDriver }),
    });
    if (timescaleOffered) log('TimescaleDB is here now: `npm run convert-telemetry` would move telemetry into it');
    return { applied, telemetryDriver: driver };
  } finally {
    await admin.end();
  }
}
