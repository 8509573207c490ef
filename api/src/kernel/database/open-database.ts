import { dataSourceOptions } from '@pilothouse/db';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { EventBus } from '../event-bus.js';
import { Database } from './database.js';

/** Connections of one replica as the app role. Mutations hold one while the signer judges. */
const POOL_SIZE = 20;

/**
 * A question that takes this long is given up: whoever asks many such questions would otherwise hold every connection,
 * and with them everybody's requests.
 */
const STATEMENT_TIMEOUT_MS = 20_000;

/** How busy the pool is. */
export interface PoolFigures {
  used: number;
  idle: number;
  /** Requests that wait for a connection. */
  waiting: number;
}

/** Connects as the app role. `close` ends the pool. */
export async function openDatabase(
  url: string,
  bus: EventBus,
): Promise<{ database: Database; pool: () => PoolFigures; close: () => Promise<void> }> {
  const dataSource = await makeDataSource(url).initialize();
  const { master } = dataSource.driver as unknown as { master: Pool };
  return {
    database: new Database(dataSource, bus),
    pool: () => ({
      used: master.totalCount - master.idleCount,
      idle: master.idleCount,
      waiting: master.waitingCount,
    }),
    close: () => dataSource.destroy(),
  };
}

/** A database that connects to nothing: for describing what is built on it. */
export function absentDatabase(bus: EventBus): Database {
  return new Database(makeDataSource('postgres://localhost/none'), bus);
}

function makeDataSource(url: string): DataSource {
  const options = dataSourceOptions({ url, applicationName: 'pilothouse api', poolSize: POOL_SIZE });
  return new DataSource({
    ...options,
    extra: {
      ...options.extra,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: 3 * STATEMENT_TIMEOUT_MS,
    },
  });
}
