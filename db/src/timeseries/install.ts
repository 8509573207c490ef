import type { ClientBase } from 'pg';
import {
  extensionState,
  readExtensionFacts,
  type DriverName,
  type ExtensionFacts,
  type ExtensionState,
} from './driver.detection.js';
import { PlainBackend } from './plain.backend.js';
import { WRITE_TIMEOUT_SECONDS } from './tiers.js';

export interface TelemetryInstallation {
  driver: DriverName;
  /** What TimescaleDB looked like when the store was installed; the driver was chosen then, for good. */
  extension: ExtensionState;
}

/**
 * Installs the telemetry store or brings it to this version, after the schema `public` is there, in one transaction.
 *
 * The first installation chooses the driver and records it; from then on the record decides.
 * @throws when the recorded driver is one that this version does not have
 */
export async function installTelemetry(adminClient: ClientBase): Promise<TelemetryInstallation> {
  await adminClient.query('begin');
  try {
    const facts = await readExtensionFacts(adminClient);
    await grantRights(adminClient);
    await adminClient.query('set local role ph_telemetry_owner');
    await createLedger(adminClient);
    const installation = await recordInstallation(adminClient, facts);
    if (installation.driver !== 'plain') {
      throw new Error(`The telemetry store was installed with the driver ${installation.driver}, which is not here`);
    }
    await new PlainBackend().install(adminClient);
    await adminClient.query('commit');
    return installation;
  } catch (error) {
    await adminClient.query('rollback');
    throw error;
  }
}

/** What belongs to others: look-ups in `public`, and the writer's deadline, on which counting late rows rests. */
async function grantRights(client: ClientBase): Promise<void> {
  await client.query(`
    set local role ph_owner;
    grant execute on function public.agent_session_hold(uuid[], int[], int[]) to ph_telemetry_owner;
    reset role;
    alter role ph_telemetry_writer set statement_timeout = '${WRITE_TIMEOUT_SECONDS}s';
    alter role ph_telemetry_writer set idle_in_transaction_session_timeout = '5s';`);
}

async function createLedger(client: ClientBase): Promise<void> {
  await client.query(`
    create schema if not exists telemetry_raw;
    create table if not exists telemetry_raw.migrations (name text primary key, applied_at timestamptz not null default now());
    create table if not exists telemetry_raw.installation (
      one boolean primary key default true check (one),
      driver text not null,
      extension text not null,
      extension_facts jsonb not null,
      installed_at timestamptz not null default now(),
      definitions_digest text);`);
}

async function recordInstallation(client: ClientBase, facts: ExtensionFacts): Promise<TelemetryInstallation> {
  await client.query(
    `insert into telemetry_raw.installation (driver, extension, extension_facts) values ('plain', $1, $2)
     on conflict (one) do nothing`,
    [extensionState(facts), JSON.stringify(facts)],
  );
  const { rows } = await client.query<TelemetryInstallation>(
    'select driver, extension from telemetry_raw.installation',
  );
  return rows[0]!;
}
