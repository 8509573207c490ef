import { parseArgs } from 'node:util';
import { EmbeddedPostgresError, servedPort, startEmbeddedPostgres } from '@pilothouse/db/embedded';
import { createPeopleFeature } from '../../features/people/index.js';
import { openDatabase } from '../../kernel/database/index.js';
import { InProcessEventBus } from '../../kernel/event-bus.js';
import { RateLimits } from '../../kernel/rate-limits.js';
import { readKeys } from '../installation/installation.js';
import { readNewPassword, type PasswordInput, type PasswordOutput } from './password-input.js';
import { readRoleUrls } from '../installation/role-urls.js';

/** Which installation is meant. */
export interface InstallationPlace {
  stateDir: string;
  /** The operator's own database; null for the embedded one. */
  databaseUrl: string | null;
  /** As of the environment; left out: in the state directory. */
  databaseRolesFile?: string | null;
}

export interface RecoveryCommand {
  args: readonly string[];
  /** @throws a sentence that names what is wrong */
  place: () => InstallationPlace;
  input: PasswordInput;
  output: PasswordOutput;
}

const USAGE = `Gives an account of this Pilothouse a new password, takes its second factor away, and ends its sessions and API tokens.

  npm run recover-owner -- --email ADDRESS [--password-stdin] [--keep-api-tokens]

Run it on the control plane's own host as the user who starts Pilothouse, which may be running. The new password is asked
for, or read from standard input. --keep-api-tokens lets programs go on: only where nobody else had a hand on the account.
PILOTHOUSE_STATE_DIR and PILOTHOUSE_DATABASE_URL name the installation as for npm start.
`;

/** Returns the exit code: 0 done, 1 not done, 2 wrong usage. */
export async function recoverFromCommandLine({ args, place, input, output }: RecoveryCommand): Promise<number> {
  const options = readOptions(args);
  if (options === null || options.help) {
    output.write(USAGE);
    return options?.help ? 0 : 2;
  }
  try {
    const installation = place();
    const password = await readNewPassword({ fromInput: options.passwordStdin, input, output });
    const { email, keepApiTokens } = options;
    await recoverAccount(installation, { email, password, keepApiTokens });
    const ended = keepApiTokens ? 'every session has ended; API tokens stay' : 'every session and API token has ended';
    output.write(`Done: the password is changed, the second factor is off, and ${ended}.\n`);
    return 0;
  } catch (error) {
    output.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

interface RecoveryOptions {
  email: string;
  passwordStdin: boolean;
  keepApiTokens: boolean;
  help: boolean;
}

function readOptions(args: readonly string[]): RecoveryOptions | null {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        email: { type: 'string' },
        'password-stdin': { type: 'boolean', default: false },
        'keep-api-tokens': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.email === undefined && !values.help) return null;
    return {
      email: values.email ?? '',
      passwordStdin: values['password-stdin'],
      keepApiTokens: values['keep-api-tokens'],
      help: values.help,
    };
  } catch {
    // parseArgs throws for what it does not know; the usage says all there is.
    return null;
  }
}

/** @throws a sentence when there is no such account, the password is too weak, or the installation is not there */
async function recoverAccount(
  { stateDir, databaseUrl, databaseRolesFile = null }: InstallationPlace,
  { email, password: newPassword, keepApiTokens }: { email: string; password: string; keepApiTokens: boolean },
): Promise<void> {
  // Read first: a directory without keys is no installation, and no database must be begun in it.
  const { sealing } = await readKeys(stateDir);
  const server =
    databaseUrl === null ? await reachEmbedded(stateDir) : { url: databaseUrl, leave: async () => undefined };
  try {
    const urls = await readRoleUrls({ databaseUrl: server.url, databaseRolesFile }, stateDir);
    const bus = new InProcessEventBus();
    const { database, close } = await openDatabase(urls('ph_app'), bus);
    try {
      const people = createPeopleFeature({ database, bus, sealing, rateLimits: new RateLimits() });
      await people.recoverOwner(email, newPassword, { keepApiTokens });
    } finally {
      await close();
    }
  } finally {
    await server.leave();
  }
}

/** The server of the control plane that runs, or started for as long as it is needed. */
async function reachEmbedded(stateDir: string): Promise<{ url: string; leave: () => Promise<void> }> {
  try {
    const postgres = await startEmbeddedPostgres({ stateDir });
    return { url: postgres.adminUrl, leave: () => postgres.stop() };
  } catch (error) {
    if (!(error instanceof EmbeddedPostgresError && error.code === 'ALREADY_IN_USE')) throw error;
    const port = await servedPort(stateDir);
    return { url: `postgres://127.0.0.1:${port}/pilothouse`, leave: async () => undefined };
  }
}
