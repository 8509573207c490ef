import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '../kernel/error-code.js';
import { createTemplate } from './template-database.js';
import { startTestCluster, type TestCluster } from './test-cluster.js';
import { createDatabaseOn, type TestDatabase } from './test-database.js';

/** A server of a test's own that keeps its promises on disk, to be killed. It comes back by itself. */
export interface DurableTestCluster extends TestCluster {
  createDatabase(): Promise<TestDatabase>;
  /** Process id of the postmaster, of this moment. */
  postmasterPid(): Promise<number>;
  /** Does `work` as soon as the server, having been killed, accepts connections again; other errors are passed on. */
  untilBack<T>(work: () => Promise<T>): Promise<T>;
}

/** Not listening, still recovering, or ended under the connection. */
const NOT_BACK = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P03']);

export async function durableTestCluster(): Promise<DurableTestCluster> {
  const cluster = await startTestCluster({ durable: true });
  const server = await createTemplate(cluster.adminUrl).catch(async (error: unknown) => {
    await cluster.remove();
    throw error;
  });
  return {
    ...cluster,
    createDatabase: () => createDatabaseOn(server),
    postmasterPid: async () => Number((await readFile(join(cluster.dataDir, 'postmaster.pid'), 'utf8')).split('\n')[0]),
    untilBack,
  };
}

async function untilBack<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!NOT_BACK.has(errorCode(error) ?? '')) throw error;
      await delay(20);
    }
  }
}
