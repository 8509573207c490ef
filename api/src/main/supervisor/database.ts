import { setTimeout as delay } from 'node:timers/promises';
import { keepRolePasswords, migrate } from '@pilothouse/db';
import { startEmbeddedPostgres } from '@pilothouse/db/embedded';

export interface DatabaseOptions {
  /** Administrator's URL of the operator's own database; null starts the embedded one. */
  databaseUrl: string | null;
  stateDir: string;
  say: (line: string) => void;
}

/** The database that everything stands on, migrated. */
export interface OpenDatabase {
  /** The embedded server may come back on another port. */
  readonly adminUrl: string;
  stop(hurry: AbortSignal): Promise<void>;
}

/** A clean shutdown takes longer than this only when much is still to be written. */
const HURRY_MS = 2_000;

export async function openDatabase({ databaseUrl, stateDir, say }: DatabaseOptions): Promise<OpenDatabase> {
  if (databaseUrl !== null) {
    await migrateAll(databaseUrl, { stateDir, say });
    return { adminUrl: databaseUrl, stop: async () => undefined };
  }
  const postgres = await startEmbeddedPostgres({ stateDir, log: say });
  const stop = async (hurry: AbortSignal) => {
    const stopped = postgres.stop();
    if (!(await Promise.race([stopped.then(() => true), hurried(hurry)]))) {
      say('PostgreSQL is still writing: it is left to finish, and the next start takes it over.');
    }
  };
  try {
    await migrateAll(postgres.adminUrl, { stateDir, say });
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return {
    get adminUrl() {
      return postgres.adminUrl;
    },
    stop,
  };
}

async function migrateAll(adminUrl: string, { stateDir, say }: Pick<DatabaseOptions, 'stateDir' | 'say'>) {
  const rolePasswords = await keepRolePasswords(stateDir);
  const { applied } = await migrate({ adminUrl, rolePasswords });
  if (applied.length > 0) say(`Brought the database up to date: ${applied.length} migrations.`);
}

async function hurried(hurry: AbortSignal): Promise<false> {
  if (!hurry.aborted) await new Promise((resolve) => hurry.addEventListener('abort', resolve, { once: true }));
  return delay(HURRY_MS, false, { ref: false });
}
