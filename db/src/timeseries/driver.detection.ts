import type { ClientBase } from 'pg';

export type DriverName = 'plain' | 'timescaledb';

/** What the database says about TimescaleDB; kept with the installation as it was found. */
export interface ExtensionFacts {
  serverVersion: number;
  /** Version that the server's disk offers, or null. */
  available: string | null;
  preloaded: boolean;
  /** Version that this database has, or null where nobody made the extension in it. */
  installed: string | null;
  /** `timescale` (community build), `apache`, or null: it is known only once the database has the extension. */
  licence: string | null;
}

/** Of these only COMMUNITY has the column store that the driver is about. */
export type ExtensionState = 'NONE' | 'NOT_PRELOADED' | 'NOT_CREATED' | 'APACHE' | 'COMMUNITY';

export async function readExtensionFacts(client: ClientBase): Promise<ExtensionFacts> {
  // Settings of the extension, not `shared_preload_libraries`: an administrator without superuser may not see that one,
  // and what a configuration file sets for an extension that is not loaded is not in this view.
  const { rows } = await client.query<ExtensionFacts>(`
    select current_setting('server_version_num')::int as "serverVersion",
      (select default_version from pg_available_extensions where name = 'timescaledb') as available,
      exists (select from pg_settings where name = 'timescaledb.max_background_workers') as preloaded,
      (select extversion from pg_extension where extname = 'timescaledb') as installed,
      (select setting from pg_settings where name = 'timescaledb.license') as licence`);
  return rows[0]!;
}

export function extensionState({ available, preloaded, installed, licence }: ExtensionFacts): ExtensionState {
  if (available === null) return 'NONE';
  if (!preloaded) return 'NOT_PRELOADED';
  if (installed === null) return 'NOT_CREATED';
  return licence === 'timescale' ? 'COMMUNITY' : 'APACHE';
}

/**
 * Makes the extension in a database that does not have it and could; it is the only way to learn which build it is. What
 * turns out not to be the community build, or may not be made by this client, leaves nothing behind.
 *
 * Must be called in a transaction.
 */
export async function createExtension(client: ClientBase): Promise<ExtensionFacts> {
  const facts = await readExtensionFacts(client);
  if (extensionState(facts) !== 'NOT_CREATED') return facts;
  await client.query('savepoint extension');
  const created = await client
    .query('create schema if not exists timescaledb; create extension timescaledb schema timescaledb')
    .then(() => readExtensionFacts(client))
    .catch(() => facts); // Not permitted, say: the store is then what it is without the extension, and the record says so.
  if (extensionState(created) !== 'COMMUNITY') await client.query('rollback to savepoint extension');
  return created;
}
