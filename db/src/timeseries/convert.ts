import { escapeIdentifier, type ClientBase } from 'pg';
import { LOGIN_ROLES } from '../roles/index.js';
import { createExtension, extensionState } from './driver.detection.js';
import { BACKENDS } from './drivers.js';
import { grantRights, isConverting, readRecord, record, TimescaleMissingError } from './install.js';
import { HOST_FIGURES } from './figures.js';
import { columnsOf, sampleColumns } from './schema/columns.js';
import { FAMILIES } from './tiers.js';

/** What was asked cannot be done now; the message can be shown. */
export class ConversionRefusedError extends Error {
  override readonly name = 'ConversionRefusedError';
}

const TIER_COLUMNS = FAMILIES.flatMap((family) =>
  [family.raw, ...family.rollups].map((tier) => ({ table: tier.table, columns: columnsOf(family, tier).join(', ') })),
);

const PART_COLUMNS = 'id, server_id, kind, name, last_seen_at';
const LATEST_COLUMNS = ['time', 'server_id', ...sampleColumns(HOST_FIGURES)].join(', ');

/**
 * Moves a store of the plain driver into TimescaleDB, while nothing of Pilothouse is connected.
 *
 * Each partition is moved in a transaction of its own, so that the disk needs room for one of them twice, and a
 * conversion that was interrupted is completed by calling this again. Until then Pilothouse does not start.
 * @throws ConversionRefusedError, TimescaleMissingError
 */
export async function convertToTimescale(admin: ClientBase, log: (line: string) => void): Promise<void> {
  await refuseWhileInUse(admin);
  if (!(await isConverting(admin))) await inTransaction(admin, () => begin(admin));
  const partitions = await remaining(admin);
  for (const [index, partition] of partitions.entries()) {
    const rows = await inTransaction(admin, () => move(admin, partition));
    log(`${index + 1} of ${partitions.length}: ${partition.name}, ${rows} rows`);
  }
  await admin.query('drop schema telemetry_plain cascade');
}

async function refuseWhileInUse(admin: ClientBase): Promise<void> {
  const { rows } = await admin.query(
    'select from pg_stat_activity where datname = current_database() and usename = any ($1)',
    [LOGIN_ROLES],
  );
  if (rows.length > 0) throw new ConversionRefusedError('Pilothouse is connected to the database: stop it first');
}

/** Puts the plain tables aside and installs the new store with all that is not in partitions. */
async function begin(admin: ClientBase): Promise<void> {
  const recorded = await readRecord(admin);
  if (!recorded) throw new ConversionRefusedError('There is no telemetry in this database');
  if (recorded.driver !== 'plain') throw new ConversionRefusedError('Telemetry is stored by TimescaleDB already');
  const facts = await createExtension(admin);
  const state = extensionState(facts);
  if (state !== 'COMMUNITY') throw new TimescaleMissingError(state);
  await grantRights(admin);
  await admin.query(`
    set local role ph_telemetry_owner;
    drop schema telemetry, telemetry_logic cascade;
    alter schema telemetry_raw rename to telemetry_plain;`);
  await record(admin, { driver: 'timescaledb', extension: state }, facts);
  await BACKENDS.timescaledb.install(admin);
  await admin.query(`
    update telemetry_raw.tier t set keep_days = p.keep_days, watermark = p.watermark
      from telemetry_plain.tier p where p.name = t.name;
    insert into telemetry_raw.part (${PART_COLUMNS}) overriding system value select ${PART_COLUMNS} from telemetry_plain.part;
    select setval(pg_get_serial_sequence('telemetry_raw.part', 'id'), coalesce(max(id), 0) + 1, false) from telemetry_raw.part;
    insert into telemetry_raw.server_latest (${LATEST_COLUMNS}) select ${LATEST_COLUMNS} from telemetry_plain.server_latest;
    ${FAMILIES.map(({ dirtyTable }) => `insert into telemetry_raw.${dirtyTable} select server_id, t0, t1 from telemetry_plain.${dirtyTable};`).join('\n')}`);
}

interface Partition {
  tier: string;
  name: string;
}

async function remaining(admin: ClientBase): Promise<Partition[]> {
  const { rows } = await admin.query<Partition>(
    `select p.relname as tier, c.relname as name
       from pg_inherits i join pg_class p on p.oid = i.inhparent join pg_class c on c.oid = i.inhrelid
      where p.relnamespace = 'telemetry_plain'::regnamespace and p.relkind = 'p'
      order by p.relname, c.relname`,
  );
  return rows;
}

async function move(admin: ClientBase, { tier, name }: Partition): Promise<number> {
  const { columns } = TIER_COLUMNS.find(({ table }) => table === tier)!;
  const source = `telemetry_plain.${escapeIdentifier(name)}`;
  await admin.query('set local role ph_telemetry_owner');
  const { rowCount } = await admin.query(
    `insert into telemetry_raw.${tier} (${columns}) select ${columns} from ${source}`,
  );
  await admin.query(`drop table ${source}`);
  return rowCount ?? 0;
}

async function inTransaction<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}
