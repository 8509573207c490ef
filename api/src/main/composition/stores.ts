import { join } from 'node:path';
import { TelemetryWriter } from '@pilothouse/db/timeseries';
import { AnchorStore } from '../../features/audit/index.js';
import { openDatabase, openPool, type Database, type PoolFigures } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Logger } from '../../kernel/log.js';
import type { Signer } from '../../signer/index.js';
import { openSigner, type SignerPlace } from './open-signer.js';

/** Connection strings of the database roles the api's process works as. */
export interface DatabaseUrls {
  app: string;
  telemetryWriter: string;
}

/** Everything the api keeps things in, and the signer with its own view of the database. */
export interface Stores {
  database: Database;
  /** How busy the connections of `database` are. */
  pool: () => PoolFigures;
  telemetry: TelemetryWriter;
  signer: Signer;
  anchors: AnchorStore;
  close(): Promise<void>;
}

export interface StoresOptions {
  urls: DatabaseUrls;
  signer: SignerPlace;
  stateDir: string;
  log: Logger;
}

export async function openStores(
  { urls, signer: place, stateDir, log }: StoresOptions,
  bus: EventBus,
): Promise<Stores> {
  const { database, pool, close: closeDatabase } = await openDatabase(urls.app, bus);
  const telemetryPool = openPool(urls.telemetryWriter, { applicationName: 'pilothouse telemetry', size: 4, log });
  const { signer, close: closeSigner } = await openSigner(place, log);
  return {
    database,
    pool,
    telemetry: new TelemetryWriter(telemetryPool),
    signer,
    anchors: new AnchorStore(join(stateDir, 'anchors')),
    close: async () => {
      await Promise.all([closeDatabase(), telemetryPool.end(), closeSigner()]);
    },
  };
}
