import { randomBytes } from 'node:crypto';
import { link, readdir, rename, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { errorCode } from '../kernel/error-code.js';
import { isAlive } from '../kernel/processes.js';
import { readIfExists } from '../kernel/small-files.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import type { Placement } from './placement.js';
import { inspectServer, pollUntil, readLockFile, serverProgram } from './server-process.js';

const ORPHAN_LIMIT_MS = 10_000;

/**
 * Makes way for a start after a crash.
 *
 * After a kill -9 of the postmaster its last children may still be finishing: they are waited for. Its lock files stay
 * behind, and mislead PostgreSQL when their process id belongs to another process by now, or still to the dead one
 * because nobody collects it (a container without an init process). PostgreSQL sees through all other cases itself.
 *
 * @throws START_FAILED, ALREADY_IN_USE
 */
export async function clearStaleLocks(placement: Placement): Promise<void> {
  const { dataDir } = placement;
  const isFree = async () => (await inspectServer(placement)).kind !== 'orphans';
  if (!(await pollUntil(ORPHAN_LIMIT_MS, isFree))) {
    throw new EmbeddedPostgresError('START_FAILED', `Processes of an earlier PostgreSQL still use ${dataDir}`);
  }
  if ((await inspectServer(placement)).kind === 'running') return;
  if (await answersElsewhere(dataDir)) {
    throw new EmbeddedPostgresError(
      'ALREADY_IN_USE',
      `A PostgreSQL that is not among this host's processes uses ${dataDir}, probably from another container`,
    );
  }
  const socketLocks = (await readdir(dataDir)).filter((name) => /^\.s\.PGSQL\.\d+\.lock$/.test(name));
  for (const name of ['postmaster.pid', ...socketLocks]) await removeIfMisleading(join(dataDir, name), placement);
}

/** A container that shares the directory shares its socket too, though neither its processes nor its ports. */
async function answersElsewhere(dataDir: string): Promise<boolean> {
  const [, port] = await readLockFile(dataDir);
  if (!port) return false;
  return new Promise((resolve) => {
    const socket = connect(join(dataDir, `.s.PGSQL.${port}`));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** Taken aside before it is judged again: the file may have become that of another starter's server meanwhile. */
async function removeIfMisleading(path: string, { dataDir, account }: Placement): Promise<void> {
  const pid = await namedProcess(path);
  if (!pid || !isAlive(pid) || (await serverProgram(`/proc/${pid}`, dataDir, account.uid)) !== undefined) return;
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  if ((await namedProcess(aside)) !== pid) await link(aside, path);
  await rm(aside);
}

async function namedProcess(path: string): Promise<number> {
  return Math.abs(Number.parseInt((await readIfExists(path)) ?? '', 10));
}
