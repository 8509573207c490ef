import { setTimeout as delay } from 'node:timers/promises';
import { migrate, rolePasswordsOf } from '@pilothouse/db';
import { startEmbeddedPostgres } from '@pilothouse/db/embedded';

export interface DatabaseOptions {
  /** Administrator's URL of the operator's own database; null starts the embedded one. */
  databaseUrl: string | null;
  /** The passwords of its roles; null: kept in the state directory. */
  databaseRolesFile: string | null;
  stateDir: string;
  say: (line: string) => void;
}

/** The database that everything stands on, migrated. */
export interface RunningDatabase {
  /** The embedded server may come back on another port. */
  readonly adminUrl: string;
  stop(hurry: AbortSignal): Promise<void>;
}

/** A clean shutdown takes longer than this only when much is still to be written. */
const HURRY_MS = 2_000;

export async function startDatabase(options: DatabaseOptions): Promise<RunningDatabase> {
  const { databaseUrl, stateDir, say } = options;
  if (databaseUrl !== null) {
    await bringUpToDate(databaseUrl, options);
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
    await bringUpToDate(postgres.adminUrl, options);
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

async function bringUpToDate(adminUrl: string, options: DatabaseOptions) {
  const { applied } = await migrate({ adminUrl, rolePasswords: await rolePasswordsOf(options) });
  if (applied.length > 0) options.say(`Brought the database up to date: ${applied.length} migrations.`);
}

async function hurried(hurry: AbortSignal): Promise<false> {
  if (!hurry.aborted) await new Promise((resolve) => hurry.addEventListener('abort', resolve, { once: true }));
  return delay(HURRY_MS, false, { ref: false });
}
