import { join } from 'node:path';
import { TelemetryWriter } from '@pilothouse/db/timeseries';
import { Pool } from 'pg';
import { AnchorStore } from '../features/audit/index.js';
import { openDatabase, type Database } from '../kernel/database/index.js';
import type { EventBus } from '../kernel/event-bus.js';
import type { Logger } from '../kernel/log.js';
import { InProcessSigner, type Signer } from '../signer/index.js';
import type { InstallationKeys } from './installation.js';

/** Connection strings of the database roles the api's process works as. */
export interface DatabaseUrls {
  app: string;
  telemetryWriter: string;
  signer: string;
}

/** Everything the api keeps things in, and the signer with its own view of the database. */
export interface Stores {
  database: Database;
  telemetry: TelemetryWriter;
  signer: Signer;
  anchors: AnchorStore;
  close(): Promise<void>;
}

export async function openStores(
  { urls, stateDir, keys, log }: { urls: DatabaseUrls; stateDir: string; keys: InstallationKeys; log: Logger },
  bus: EventBus,
): Promise<Stores> {
  const { database, close: closeDatabase } = await openDatabase(urls.app, bus);
  const telemetryPool = openPool(urls.telemetryWriter, { applicationName: 'pilothouse telemetry', size: 4, log });
  const signerPool = openPool(urls.signer, { applicationName: 'pilothouse signer', size: 4, log });
  const signer = await InProcessSigner.open({
    key: keys.command,
    pool: signerPool,
    directory: join(stateDir, 'signer'),
  });
  return {
    database,
    telemetry: new TelemetryWriter(telemetryPool),
    signer,
    anchors: new AnchorStore(join(stateDir, 'anchors')),
    close: async () => {
      await Promise.all([closeDatabase(), telemetryPool.end(), signerPool.end(), signer.close()]);
    },
  };
}

function openPool(
  url: string,
  { applicationName, size, log }: { applicationName: string; size: number; log: Logger },
): Pool {
  const pool = new Pool({ connectionString: url, application_name: applicationName, max: size });
  // A connection that breaks while idle is replaced at its next use.
  pool.on('error', (error) => log.warn({ err: error, applicationName }, 'A database connection broke'));
  return pool;
}
