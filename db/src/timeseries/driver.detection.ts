import type { ClientBase } from 'pg';

export type DriverName = 'plain' | 'timescaledb';

/** What the database's server says about TimescaleDB; kept with the installation as it was found. */
export interface ExtensionFacts {
  serverVersion: number;
  /** Version that the server's disk offers, or null. */
  available: string | null;
  preloaded: boolean;
  /** `timescale` (community build), `apache`, or null where the extension is not loaded. */
  licence: string | null;
}

/** Of these only COMMUNITY has the column store and continuous aggregates that the driver is about. */
export type ExtensionState = 'NONE' | 'NOT_PRELOADED' | 'APACHE' | 'COMMUNITY';

export async function readExtensionFacts(client: ClientBase): Promise<ExtensionFacts> {
  // pg_settings hides what an administrator without superuser may not see; current_setting would be an error
  const { rows } = await client.query<ExtensionFacts>(`
    select current_setting('server_version_num')::int as "serverVersion",
      (select default_version from pg_available_extensions where name = 'timescaledb') as available,
      coalesce((select setting from pg_settings where name = 'shared_preload_libraries') ~ '\\mtimescaledb\\M',
        current_setting('timescaledb.license', true) is not null) as preloaded,
      current_setting('timescaledb.license', true) as licence`);
  return rows[0]!;
}

export function extensionState({ available, preloaded, licence }: ExtensionFacts): ExtensionState {
  if (available === null) return 'NONE';
  if (!preloaded) return 'NOT_PRELOADED';
  return licence === 'timescale' ? 'COMMUNITY' : 'APACHE';
}
