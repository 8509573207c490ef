import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../kernel/error-code.js';
import { isAlive } from '../kernel/processes.js';
import { createOnce, readIfExists } from '../kernel/small-files.js';
import { identityOf, runsAsRoot } from './account.js';
import type { Binaries } from './binaries.js';
import { EmbeddedPostgresError, orNotWritable } from './embedded-postgres.error.js';
import type { Placement } from './placement.js';

/** Superuser of the cluster; used for migrations and by the supervisor, never by a serving process. */
export const ADMIN_ROLE = 'ph_admin';

/** Programs of PostgreSQL get this and nothing of ours: our environment may hold secrets. */
export const SERVER_ENVIRONMENT = { LC_ALL: 'C', PATH: '/usr/bin:/bin' };

export interface InitialiseOptions {
  placement: Placement;
  binaries: Binaries;
  durable: boolean;
  log: (line: string) => void;
}

/**
 * Makes the cluster unless it exists, and returns the superuser's password.
 *
 * It is made aside and renamed into place, so an interrupted attempt leaves nothing that looks like a cluster, and
 * of two attempts at once one wins.
 *
 * @throws WRONG_MAJOR_VERSION, PASSWORD_LOST, STATE_NOT_WRITABLE, START_FAILED
 */
export async function openCluster(options: InitialiseOptions): Promise<string> {
  const { placement, binaries, log } = options;
  const passwordPath = join(placement.stateDir, 'postgres.password');
  const version = (await readIfExists(join(placement.dataDir, 'PG_VERSION')))?.trim();
  if (version === undefined) {
    const password = await orNotWritable(placement.stateDir, () =>
      createOnce(passwordPath, randomBytes(32).toString('base64url'), 0o600),
    );
    log(`Creating a PostgreSQL ${binaries.major} database in ${placement.dataDir}`);
    await orNotWritable(placement.home, () => initialise(options, password));
    return password;
  }
  if (version !== binaries.major) {
    throw new EmbeddedPostgresError(
      'WRONG_MAJOR_VERSION',
      `The database in ${placement.dataDir} was made by PostgreSQL ${version} and this Pilothouse brings ` +
        `${binaries.major}. Run the version of Pilothouse that made it, or restore a backup into an empty state directory.`,
    );
  }
  const password = await readIfExists(passwordPath);
  if (password) return password;
  throw new EmbeddedPostgresError(
    'PASSWORD_LOST',
    `${passwordPath} is missing, so the database in ${placement.dataDir} cannot be opened. Restore it from a backup.`,
  );
}

async function initialise({ placement, binaries, durable }: InitialiseOptions, password: string): Promise<void> {
  const { home, dataDir, account } = placement;
  await removeAbandoned(home);
  const attempt = `${process.pid}-${randomBytes(6).toString('hex')}`;
  const staging = join(home, `data.new-${attempt}`);
  const passwordFile = join(home, `initdb-password-${attempt}`);
  try {
    await mkdir(staging, { mode: 0o700 });
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (runsAsRoot()) {
      await chown(staging, account.uid, account.gid);
      await chown(passwordFile, account.uid, account.gid);
    }
    const flags = [
      ...['--pgdata', staging, '--username', ADMIN_ROLE, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
      ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
      '--no-instructions',
      ...(durable ? [] : ['--no-sync']),
    ];
    await runInitdb(binaries.initdb, flags, identityOf(account));
    await rename(staging, dataDir);
  } catch (error) {
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
  } finally {
    await rm(passwordFile, { force: true });
    await rm(staging, { recursive: true, force: true });
  }
}

async function removeAbandoned(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const pid = Number(/^(?:data\.new|initdb-password)-(\d+)/.exec(name)?.[1]);
    if (pid && !isAlive(pid)) await rm(join(home, name), { recursive: true, force: true });
  }
}

async function runInitdb(program: string, flags: string[], identity: object): Promise<void> {
  const child = spawn(program, flags, {
    ...identity,
    cwd: '/',
    env: SERVER_ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0) throw new EmbeddedPostgresError('START_FAILED', `initdb failed: ${output.trim()}`);
}
