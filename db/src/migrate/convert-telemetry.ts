import { Client } from 'pg';
import { MIGRATION_LOCK } from '../kernel/locks.js';
import { ConversionUnfinishedError, convertToTimescale } from '../timeseries/index.js';
import { migrate, type MigrateOptions } from './migrate.js';

/** Brings the database to the schema of this version, and its telemetry, kept plain so far, into TimescaleDB. */
export async function convertTelemetry(options: MigrateOptions & { log: (line: string) => void }): Promise<void> {
  await migrate(options).catch((error: unknown) => {
    if (!(error instanceof ConversionUnfinishedError)) throw error;
  });
  const admin = new Client({ connectionString: options.adminUrl, application_name: 'pilothouse convert' });
  await admin.connect();
  try {
    await admin.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await convertToTimescale(admin, options.log);
  } finally {
    await admin.end();
  }
}
