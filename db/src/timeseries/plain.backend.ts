import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { escapeIdentifier, type ClientBase } from 'pg';
import type { MaintenanceReport, MetricsBackend } from './metrics.backend.js';
import { columnsOf, sampleColumns } from './schema/columns.js';
import { face } from './schema/face.sql.js';
import { ingestion } from './schema/ingest.sql.js';
import { maintenance } from './schema/maintain.sql.js';
import { PARTITION_END, partitionFunctions } from './schema/partitions.sql.js';
import { rollups } from './schema/rollup.sql.js';
import { figureColumns, MIGRATIONS } from './schema/tables.sql.js';
import { HOST_FIGURES } from './figures.js';
import { FAMILIES, TIERS } from './tiers.js';

/** Everything that follows from code alone: dropped and made again whenever its text changes. */
const DEFINITIONS = [
  'drop schema if exists telemetry, telemetry_logic cascade; create schema telemetry; create schema telemetry_logic;',
  figureColumns(),
  PARTITION_END,
  partitionFunctions(),
  rollups(),
  ingestion(),
  maintenance(),
  face(),
  'select telemetry_logic.ensure_partitions(now(), true);',
].join('\n');

const DEFINITIONS_DIGEST = createHash('sha256').update(DEFINITIONS).digest('hex');

/** Tables that `exportTo` writes, with their columns: what a store is made of. */
const EXPORTED = new Map<string, string[]>([
  ['part', ['id', 'server_id', 'kind', 'name', 'last_seen_at']],
  ['server_latest', ['time', 'server_id', ...sampleColumns(HOST_FIGURES)]],
  ...FAMILIES.flatMap((family) =>
    [family.raw, ...family.rollups].map((tier): [string, string[]] => [tier.table, columnsOf(family, tier)]),
  ),
]);

export const EXPORTED_TABLES: readonly string[] = [...EXPORTED.keys()];

const FETCH_ROWS = 5000;

/** Declarative partitions and roll-ups by SQL functions; works on any PostgreSQL from 15. */
export class PlainBackend implements MetricsBackend {
  readonly name = 'plain';

  async install(client: ClientBase): Promise<void> {
    const { rows } = await client.query<{ name: string }>('select name from telemetry_raw.migrations');
    const applied = new Set(rows.map(({ name }) => name));
    for (const { name, sql } of MIGRATIONS) {
      if (applied.has(name)) continue;
      await client.query(sql);
      await client.query('insert into telemetry_raw.migrations (name) values ($1)', [name]);
    }
    const current = await client.query<{ digest: string | null }>(
      'select definitions_digest as digest from telemetry_raw.installation',
    );
    if (current.rows[0]?.digest === DEFINITIONS_DIGEST) return;
    await client.query(DEFINITIONS);
    await client.query('update telemetry_raw.installation set definitions_digest = $1', [DEFINITIONS_DIGEST]);
  }

  async maintain(client: ClientBase, now?: Date): Promise<MaintenanceReport> {
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

  async dropOlderThan(client: ClientBase, tier: string, before: Date): Promise<string[]> {
    if (!TIERS.some(({ table }) => table === tier)) throw new RangeError(`There is no tier ${tier}`);
    const { rows } = await client.query<{ name: string }>(
      'select name from telemetry_logic.partition where tier = $1 and ends_at <= $2 order by ends_at',
      [tier, before],
    );
    for (const { name } of rows) await client.query(`drop table telemetry_raw.${escapeIdentifier(name)}`);
    return rows.map(({ name }) => name);
  }

  async exportTo(client: ClientBase, table: string, sink: Writable): Promise<number> {
    const columns = EXPORTED.get(table);
    if (!columns) throw new RangeError(`There is no table ${table}`);
    await client.query('begin isolation level repeatable read read only');
    try {
      await client.query(`
        declare exported no scroll cursor for
          select concat_ws(e'\\t', ${columns.map(copyField).join(', ')}) as line from telemetry_raw.${table}`);
      let count = 0;
      for (;;) {
        const { rows } = await client.query<{ line: string }>(`fetch ${FETCH_ROWS} from exported`);
        if (rows.length === 0) return count;
        count += rows.length;
        if (!sink.write(rows.map(({ line }) => `${line}\n`).join(''))) await once(sink, 'drain');
      }
    } finally {
      await client.query('rollback');
    }
  }
}

interface MaintenanceRow {
  ran: boolean;
  caught_up: boolean;
  dropped: string[];
}

/** A value as COPY reads it: `\N` for null, and backslash, tab, newline and carriage return escaped. */
function copyField(column: string): string {
  const escapes = [
    ['\\', '\\\\'],
    ['\t', '\\t'],
    ['\n', '\\n'],
    ['\r', '\\r'],
  ];
  const quote = (text: string): string =>
    `e'${text.replace(/\\/g, '\\\\').replace(/\t/g, '\\t').replace(/\n/g, '\\n').replace(/\r/g, '\\r')}'`;
  const escaped = escapes.reduce(
    (value, [from, to]) => `replace(${value}, ${quote(from!)}, ${quote(to!)})`,
    `${column}::text`,
  );
  return `coalesce(${['kind', 'name'].includes(column) ? escaped : `${column}::text`}, ${quote('\\N')})`;
}
