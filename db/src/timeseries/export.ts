import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { ClientBase } from 'pg';
import { columnsOf, sampleColumns } from './schema/columns.js';
import { HOST_FIGURES } from './figures.js';
import { FAMILIES } from './tiers.js';

/** Tables that can be written out, with their columns: what a store is made of. */
const EXPORTED = new Map<string, string[]>([
  ['part', ['id', 'server_id', 'kind', 'name', 'last_seen_at']],
  ['server_latest', ['time', 'server_id', ...sampleColumns(HOST_FIGURES)]],
  ...FAMILIES.flatMap((family) =>
    [family.raw, ...family.rollups].map((tier): [string, string[]] => [tier.table, columnsOf(family, tier)]),
  ),
]);

export const EXPORTED_TABLES: readonly string[] = [...EXPORTED.keys()];

const FETCH_ROWS = 5000;

/** Writes a table in PostgreSQL's COPY text format, in one snapshot; returns the rows. Never ends the stream. */
export async function exportTable(client: ClientBase, table: string, sink: Writable): Promise<number> {
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
