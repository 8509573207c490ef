import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../../kernel/database/index.js';
import type { Signer } from '../../signer/index.js';
import { isMigrated } from './installation.repository.js';

/** Whether this replica should be given work, and what it lacks where it should not. */
export interface Readiness {
  ready: boolean;
  parts: {
    /** `away` also while it is not known whose rights have ended. */
    database: 'ok' | 'away';
    migrations: 'ok' | 'missing' | 'unknown';
    signer: 'ok' | 'frozen' | 'away';
    /** Without Redis everything goes on, a little later: it is told, and does not count. */
    redis: 'ok' | 'away' | 'none';
  };
}

export interface ReadinessParts {
  database: Database;
  signer: Signer;
  isTrustworthy: () => boolean;
  isRedisConnected: () => boolean | null;
}

/** What takes longer does not answer. */
const PATIENCE_MS = 2000;

export async function judgeReadiness(parts: ReadinessParts): Promise<Readiness> {
  const [migrations, signer] = await Promise.all([
    orWhenLate(askMigrations(parts.database), 'unknown' as const),
    orWhenLate(askSigner(parts.signer), 'away' as const),
  ]);
  const connected = parts.isRedisConnected();
  const database = migrations !== 'unknown' && parts.isTrustworthy() ? 'ok' : 'away';
  const redis = connected === null ? 'none' : connected ? 'ok' : 'away';
  return {
    // An operator who has frozen signing wants the rest to go on.
    ready: database === 'ok' && migrations === 'ok' && signer !== 'away',
    parts: { database, migrations, signer, redis },
  };
}

async function askMigrations(database: Database): Promise<'ok' | 'missing'> {
  return (await isMigrated(database)) ? 'ok' : 'missing';
}

async function askSigner(signer: Signer): Promise<'ok' | 'frozen'> {
  return (await signer.status()).frozen ? 'frozen' : 'ok';
}

function orWhenLate<Answer, Otherwise>(work: Promise<Answer>, otherwise: Otherwise): Promise<Answer | Otherwise> {
  const failed = work.catch(() => otherwise); // Which part it is says enough; the log of that part says more.
  return Promise.race([failed, delay(PATIENCE_MS, otherwise, { ref: false })]);
}
