import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { ClientBase } from 'pg';
import type { DriverName } from './driver.detection.js';
import type { Driver, DriverSql } from './driver.js';
import { exportTable } from './export.js';
import type { MaintenanceReport, MetricsBackend } from './metrics.backend.js';
import { face } from './schema/face.sql.js';
import { ingestion } from './schema/ingest.sql.js';
import { maintenance } from './schema/maintain.sql.js';
import { rollups } from './schema/rollup.sql.js';
import { figureColumns } from './schema/tables.sql.js';
import { TIERS } from './tiers.js';

/** The store as SQL functions of the database: all that drivers share. */
export class SqlBackend implements MetricsBackend {
  constructor(private readonly driver: Driver) {}

  get name(): DriverName {
    return this.driver.name;
  }

  async install(client: ClientBase): Promise<void> {
    const sql = await this.driver.sql(client);
    const { rows } = await client.query<{ name: string }>('select name from telemetry_raw.migrations');
    const applied = new Set(rows.map(({ name }) => name));
    for (const migration of sql.migrations) {
      if (applied.has(migration.name)) continue;
      await client.query(migration.sql);
      await client.query('insert into telemetry_raw.migrations (name) values ($1)', [migration.name]);
    }
    const definitions = this.definitions(sql);
    const digest = createHash('sha256').update(definitions).digest('hex');
    const current = await client.query<{ digest: string | null }>(
      'select definitions_digest as digest from telemetry_raw.installation',
    );
    if (current.rows[0]?.digest === digest) return;
    await client.query(definitions);
    await client.query('update telemetry_raw.installation set definitions_digest = $1', [digest]);
  }

  maintain(client: ClientBase, now?: Date): Promise<MaintenanceReport> {
    return maintainTelemetry(client, now);
  }

  async dropOlderThan(client: ClientBase, tier: string, before: Date): Promise<string[]> {
    if (!TIERS.some(({ table }) => table === tier)) throw new RangeError(`There is no tier ${tier}`);
    const { rows } = await client.query<{ names: string[] }>(
      'select telemetry_logic.drop_before($1, $2::timestamptz) as names',
      [tier, before],
    );
    return rows[0]!.names;
  }

  exportTo(client: ClientBase, table: string, sink: Writable): Promise<number> {
    return exportTable(client, table, sink);
  }

  /** Everything that follows from code alone: dropped and made again whenever its text changes. */
  private definitions(sql: DriverSql): string {
    return [
      'drop schema if exists telemetry, telemetry_logic cascade; create schema telemetry; create schema telemetry_logic;',
      figureColumns(this.driver.sampleKeepDays),
      sql.partitions,
      rollups(),
      ingestion(),
      maintenance(),
      sql.afterFunctions,
      face(),
      'select telemetry_logic.ensure_partitions(now(), true);',
    ].join('\n');
  }
}

/** Runs the maintenance of a store, whatever its driver, until nothing is left to do. */
export async function maintainTelemetry(client: ClientBase, now?: Date): Promise<MaintenanceReport> {
  const dropped: string[] = [];
  for (;;) {
    const { rows } = await (now
      ? client.query<MaintenanceRow>('select * from telemetry_logic.maintain_at($1)', [now])
      : client.query<MaintenanceRow>('select * from telemetry.maintain()'));
    const row = rows[0]!;
    dropped.push(...row.dropped);
    if (row.caught_up || !row.ran) return { ran: row.ran, dropped };
  }
}

interface MaintenanceRow {
  ran: boolean;
  caught_up: boolean;
  dropped: string[];
}
