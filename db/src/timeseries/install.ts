import type { ClientBase } from 'pg';
import {
  createExtension,
  extensionState,
  readExtensionFacts,
  type DriverName,
  type ExtensionFacts,
  type ExtensionState,
} from './driver.detection.js';
import { BACKENDS } from './drivers.js';
import { WRITE_TIMEOUT_SECONDS } from './tiers.js';

export interface TelemetryInstallation {
  driver: DriverName;
  /** What TimescaleDB looked like when the store was installed; the driver was chosen then, for good. */
  extension: ExtensionState;
}

export interface InstalledTelemetry extends TelemetryInstallation {
  /** TimescaleDB has come to a plain store, which could now be converted. */
  timescaleOffered: boolean;
}

/** The store needs TimescaleDB, and the database does not have it; the message says what is missing. */
export class TimescaleMissingError extends Error {
  override readonly name = 'TimescaleMissingError';

  constructor(state: Exclude<ExtensionState, 'COMMUNITY'>) {
    super(`Telemetry is stored by TimescaleDB, but ${MISSING[state]}. Without it nothing of it can be read or written`);
  }
}

/** Part of the history is still where the plain driver had it. */
export class ConversionUnfinishedError extends Error {
  override readonly name = 'ConversionUnfinishedError';

  constructor() {
    super('The conversion of telemetry to TimescaleDB was interrupted. Run it again; it goes on where it was');
  }
}

/** While a store is converted, its earlier tables are in a schema of their own. */
export async function isConverting(client: ClientBase): Promise<boolean> {
  const { rowCount } = await client.query(`select from pg_namespace where nspname = 'telemetry_plain'`);
  return rowCount === 1;
}

const MISSING: Readonly<Record<Exclude<ExtensionState, 'COMMUNITY'>, string>> = {
  NONE: "the database's server does not have the extension installed",
  NOT_PRELOADED: "the database's server does not load it: shared_preload_libraries must name timescaledb",
  NOT_CREATED: 'the extension is not in this database',
  APACHE: 'this is its Apache build, which lacks the column store; the community build is needed',
};

/**
 * Installs the telemetry store or brings it to this version, after the schema `public` is there, in one transaction.
 *
 * The first installation chooses the driver (`driver`, or what the database suggests) and records it; from then on the
 * record decides.
 * @throws TimescaleMissingError, ConversionUnfinishedError
 */
export async function installTelemetry(
  adminClient: ClientBase,
  { driver }: { driver?: DriverName } = {},
): Promise<InstalledTelemetry> {
  await adminClient.query('begin');
  try {
    if (await isConverting(adminClient)) throw new ConversionUnfinishedError();
    const recorded = await readRecord(adminClient);
    const wanted = recorded?.driver ?? driver;
    const facts = await (recorded || wanted === 'plain' ? readExtensionFacts : createExtension)(adminClient);
    const state = extensionState(facts);
    if (wanted === 'timescaledb' && state !== 'COMMUNITY') throw new TimescaleMissingError(state);
    const installation = recorded ?? {
      driver: wanted ?? (state === 'COMMUNITY' ? 'timescaledb' : 'plain'),
      extension: state,
    };
    await grantRights(adminClient);
    await adminClient.query('set local role ph_telemetry_owner');
    if (!recorded) await record(adminClient, installation, facts);
    await BACKENDS[installation.driver].install(adminClient);
    await adminClient.query('commit');
    const isNew = state !== installation.extension && (state === 'COMMUNITY' || state === 'NOT_CREATED');
    return { ...installation, timescaleOffered: installation.driver === 'plain' && isNew };
  } catch (error) {
    await adminClient.query('rollback');
    throw error;
  }
}

export async function readRecord(client: ClientBase): Promise<TelemetryInstallation | undefined> {
  const { rows } = await client.query(`select to_regclass('telemetry_raw.installation') as record`);
  if (rows[0].record === null) return undefined;
  return (await client.query<TelemetryInstallation>('select driver, extension from telemetry_raw.installation'))
    .rows[0];
}

/** What belongs to others: look-ups in `public`, the extension, and the writer's deadline, on which counting late rows rests. */
export async function grantRights(client: ClientBase): Promise<void> {
  await client.query(`
    set local role ph_owner;
    grant execute on function public.agent_session_hold(uuid[], int[], int[]) to ph_telemetry_owner;
    reset role;
    alter role ph_telemetry_writer set statement_timeout = '${WRITE_TIMEOUT_SECONDS}s';
    alter role ph_telemetry_writer set idle_in_transaction_session_timeout = '5s';`);
  const { rows } = await client.query<{ schema: string }>(
    `select extnamespace::regnamespace::text as schema from pg_extension where extname = 'timescaledb'`,
  );
  if (rows[0]) await client.query(`grant usage on schema ${rows[0].schema} to ph_telemetry_owner`);
}

/** The ledger of the store's migrations, and what it is installed as. */
export async function record(
  client: ClientBase,
  { driver, extension }: TelemetryInstallation,
  facts: ExtensionFacts,
): Promise<void> {
  await client.query(`
    create schema telemetry_raw;
    create table telemetry_raw.migrations (name text primary key, applied_at timestamptz not null default now());
    create table telemetry_raw.installation (
      one boolean primary key default true check (one),
      driver text not null,
      extension text not null,
      extension_facts jsonb not null,
      installed_at timestamptz not null default now(),
      definitions_digest text);`);
  await client.query(
    'insert into telemetry_raw.installation (driver, extension, extension_facts) values ($1, $2, $3)',
    [driver, extension, JSON.stringify(facts)],
  );
}
