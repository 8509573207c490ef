import { randomInt } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../embedded/index.js';
import { isAlive } from '../kernel/processes.js';

/** A PostgreSQL server in a temporary directory. */
export interface TestCluster {
  /** Superuser. */
  adminUrl: string;
  dataDir: string;
  /** Stops the server and deletes everything it had. */
  remove(): Promise<void>;
}

const PREFIX = 'pilothouse-test-postgres-';

/** Far from the ports of others: a server that is killed finds its own still free when it is started again. */
export async function startTestCluster({ durable }: { durable: boolean }): Promise<TestCluster> {
  await removeAbandoned();
  const stateDir = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  await chmod(stateDir, 0o711); // as root, PostgreSQL's own account must be able to pass
  const port = randomInt(20_000, 30_000);
  const postgres = await startEmbeddedPostgres({ stateDir, durable, port }).catch(async (error: unknown) => {
    await rm(stateDir, { recursive: true });
    throw error;
  });
  return { adminUrl: postgres.adminUrl, dataDir: postgres.dataDir, remove: () => remove(postgres, stateDir) };
}

async function remove(postgres: EmbeddedPostgres, stateDir: string): Promise<void> {
  await postgres.stop();
  await rm(dirname(postgres.dataDir), { recursive: true, force: true }); // elsewhere, when the path was closed
  await rm(stateDir, { recursive: true, force: true });
}

async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : 0;
    if (pid && !isAlive(pid)) await removeAbandonedRun(join(tmpdir(), name));
  }
}

/** The server of a test run that was killed lives on: adopt it in order to stop it. */
async function removeAbandonedRun(stateDir: string): Promise<void> {
  try {
    await remove(await startEmbeddedPostgres({ stateDir, durable: false }), stateDir);
  } catch {
    // Another user's, or another run is removing it now: not this run's business.
  }
}
