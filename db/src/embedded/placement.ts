import { createHash } from 'node:crypto';
import { access, chmod, constants, mkdir, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../kernel/error-code.js';
import { createOnce, readIfExists } from '../kernel/small-files.js';
import { canEnter, currentAccount, runsAsRoot, unprivilegedAccount, type Account } from './account.js';
import { EmbeddedPostgresError, orNotWritable } from './embedded-postgres.error.js';

/**
 * Where a cluster lives. `home` belongs to whoever runs Pilothouse and holds the settings (and the binaries, where
 * they had to be copied); only `dataDir` belongs to the server's account. So root never writes where that account
 * could have laid a symbolic link.
 */
export interface Placement {
  stateDir: string;
  home: string;
  dataDir: string;
  account: Account;
}

export interface PlacementOptions {
  stateDir: string;
  /** Parent of the cluster where the server's account cannot enter the state directory. */
  fallbackRoot: string;
  log: (line: string) => void;
}

const POINTER = 'postgres.location';

/**
 * Finds or decides where the cluster of this state directory is. Decided once: afterwards a directory that became
 * closed is an error, never a reason to start an empty cluster elsewhere.
 *
 * @throws STATE_NOT_WRITABLE, STATE_NOT_ENTERABLE, DATA_MISSING, NOT_THE_OWNER, NO_ACCOUNT
 */
export async function placeCluster(options: PlacementOptions): Promise<Placement> {
  const stateDir = await openStateDir(options.stateDir);
  const pointed = (await readIfExists(join(stateDir, POINTER)))?.trim();
  const beside = join(stateDir, 'postgres');
  if (pointed !== undefined) {
    if (await exists(pointed)) return settle(stateDir, pointed, options);
    throw new EmbeddedPostgresError(
      'DATA_MISSING',
      `${join(stateDir, POINTER)} says that the database is in ${pointed}, which does not exist. ` +
        'Restore that directory, or delete the pointer file to begin with an empty database.',
    );
  }
  if (await exists(beside)) return settle(stateDir, beside, options);
  if (runsAsRoot()) {
    const account = await unprivilegedAccount(options.log);
    if (!(await canEnter(stateDir, account))) {
      return settle(stateDir, await placeElsewhere(stateDir, account, options), options);
    }
  }
  await orNotWritable(stateDir, () => makeHome(beside));
  return settle(stateDir, beside, options);
}

/** Where the cluster of a state directory was placed. */
export async function homeOf(stateDir: string): Promise<string> {
  return (await readIfExists(join(stateDir, POINTER)))?.trim() ?? join(stateDir, 'postgres');
}

async function openStateDir(path: string): Promise<string> {
  return orNotWritable(path, async () => {
    // Root opens the path to the server's account, which may pass but not list; every secret in it is 0600.
    if (await mkdir(path, { recursive: true })) await chmod(path, runsAsRoot() ? 0o711 : 0o700);
    await access(path, constants.W_OK | constants.X_OK);
    return realpath(path);
  });
}

async function placeElsewhere(stateDir: string, account: Account, options: PlacementOptions): Promise<string> {
  const mine = await orNotWritable(options.fallbackRoot, () => reserveDirectory(stateDir, options));
  const chosen = (await createOnce(join(stateDir, POINTER), `${mine}\n`, 0o644)).trim();
  if (chosen !== mine) await rm(mine, { recursive: true });
  options.log(`The account ${account.name} cannot enter ${stateDir}: the database is kept in ${chosen}`);
  return chosen;
}

/** A directory that exists without a pointer to it holds an earlier installation's data: it is left alone. */
async function reserveDirectory(stateDir: string, { fallbackRoot, log }: PlacementOptions): Promise<string> {
  if (await mkdir(fallbackRoot, { recursive: true })) await chmod(fallbackRoot, 0o711);
  const name = createHash('sha256').update(stateDir).digest('hex').slice(0, 16);
  for (let attempt = 1; ; attempt++) {
    const path = join(fallbackRoot, attempt === 1 ? name : `${name}-${attempt}`);
    try {
      await mkdir(path);
      await makeHome(path);
      return path;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      log(`${path} holds the data of an earlier installation in ${stateDir}: left untouched`);
    }
  }
}

/** The mode is set apart, because a strict umask would close the directory to the server's account. */
async function makeHome(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o711);
}

async function settle(stateDir: string, home: string, { log }: PlacementOptions): Promise<Placement> {
  const realHome = await realpath(home);
  const dataDir = join(realHome, 'data');
  const owner = await ownerOf(dataDir);
  if (!runsAsRoot() && owner && owner.uid !== currentAccount().uid) {
    throw new EmbeddedPostgresError(
      'NOT_THE_OWNER',
      `The database in ${dataDir} belongs to ${owner.name}. Start Pilothouse as the user who started it first.`,
    );
  }
  const account = owner ?? (runsAsRoot() ? await unprivilegedAccount(log) : currentAccount());
  if (!(await canEnter(realHome, account))) {
    throw new EmbeddedPostgresError(
      'STATE_NOT_ENTERABLE',
      `The account ${account.name}, which owns the database, can no longer enter ${realHome}. ` +
        'Give it execute permission on every directory of that path.',
    );
  }
  return { stateDir, home: realHome, dataDir, account };
}

async function ownerOf(dataDir: string): Promise<Account | undefined> {
  const info = await statIfExists(dataDir);
  return info && { uid: info.uid, gid: info.gid, name: `user ${info.uid}` };
}

async function exists(path: string): Promise<boolean> {
  return (await statIfExists(path)) !== undefined;
}

async function statIfExists(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
