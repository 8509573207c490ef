import { resolve } from 'node:path';
import { installedBinaries, prepareBinaries } from './binaries.js';
import { openCluster } from './cluster.js';
import { placeCluster } from './placement.js';
import type { EmbeddedPostgres } from './embedded-postgres.types.js';
import { Supervisor } from './supervisor.js';

export interface EmbeddedPostgresOptions {
  /** Made when missing. The same directory is always the same database. */
  stateDir: string;
  /** Receives one sentence for each thing an operator should know. Default: nobody. */
  log?: (line: string) => void;
  /** Wanted port; the next free one is taken, and said, when something else listens there. Default: that of before. */
  port?: number;
  /** False gives up safety against power loss for speed. For test clusters. Default: true. */
  durable?: boolean;
  /** Parent of the data when PostgreSQL's account cannot enter the state directory. Default: /var/lib/pilothouse. */
  fallbackRoot?: string;
}

/**
 * Starts the PostgreSQL that npm brought, or adopts the one that a killed control plane left behind, and keeps it
 * running until `stop()`: if it dies, it is started again on the same port.
 *
 * The server runs in a session of its own and outlives this process unless `stop()` is called. One control plane at
 * a time may hold a state directory.
 *
 * @throws EmbeddedPostgresError
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log = () => undefined, durable = true, fallbackRoot = '/var/lib/pilothouse', port } = options;
  const placement = await placeCluster({ stateDir: resolve(options.stateDir), fallbackRoot, log });
  const binaries = await prepareBinaries(placement, await installedBinaries());
  const password = await openCluster({ placement, binaries, durable, log });
  const supervisor = new Supervisor({ placement, binaries, password, durable, wantedPort: port, log });
  await supervisor.start();
  return supervisor;
}
