import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { identityOf } from './account.js';
import { SERVER_ENVIRONMENT } from './cluster.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import type { Placement } from './placement.js';
import { inspectServer, pollUntil, readLockFile } from './server-process.js';
import { settingsPath } from './settings.js';
import { clearStaleLocks } from './stale-locks.js';
import { lastWords, openStartOutput } from './start-output.js';

/** Recovery after a crash replays at most `max_wal_size` of log; this is far beyond it on a slow disk. */
export const START_LIMIT_MS = 300_000;
const FAST_STOP_LIMIT_MS = 30_000;
const IMMEDIATE_STOP_LIMIT_MS = 10_000;

export interface LaunchOptions {
  placement: Placement;
  program: string;
  port: number;
}

export type LaunchOutcome = 'ready' | 'port-taken' | 'already-running';

/**
 * Starts the server in a session of its own, so that neither a Ctrl-C in the terminal nor the end of this process
 * reaches it, and waits until it accepts connections.
 *
 * @throws START_FAILED with the server's own words
 */
export async function launchServer(options: LaunchOptions): Promise<LaunchOutcome> {
  await clearStaleLocks(options.placement);
  const output = await openStartOutput(options.placement.home);
  try {
    return await launchInto(output, options);
  } finally {
    await output.close();
  }
}

async function launchInto(output: FileHandle, { placement, program, port }: LaunchOptions): Promise<LaunchOutcome> {
  const { home, dataDir, account } = placement;
  const child = spawn(program, ['-D', dataDir, '-p', String(port), '-c', `config_file=${settingsPath(home)}`], {
    ...identityOf(account),
    cwd: '/',
    env: SERVER_ENVIRONMENT,
    detached: true,
    stdio: ['ignore', output.fd, output.fd],
  });
  child.unref();
  let hasEnded = false;
  child.once('exit', () => (hasEnded = true));
  await once(child, 'spawn');
  const isReady = async () => {
    const [pid, , phase] = await readLockFile(dataDir);
    return pid === child.pid && phase === 'ready';
  };
  const inTime = await pollUntil(START_LIMIT_MS, async () => hasEnded || (await isReady()));
  if (inTime && !hasEnded) return 'ready';
  const words = await lastWords(output, dataDir);
  const own = words.filter((line) => line.includes(`[${child.pid}]`)).join('\n');
  if (hasEnded && /could not bind|Address already in use/.test(own)) return 'port-taken';
  if (hasEnded && /lock file "postmaster.pid" already exists/.test(own)) return 'already-running';
  const reason = hasEnded ? 'stopped while starting' : `was not ready within ${START_LIMIT_MS / 1000} s`;
  throw new EmbeddedPostgresError('START_FAILED', `PostgreSQL in ${dataDir} ${reason}:\n${words.join('\n')}`);
}

/** Fast shutdown: open transactions are rolled back, everything committed is on disk when this returns. */
export async function stopServer(placement: Placement, log: (line: string) => void): Promise<void> {
  if (await signalAndWait(placement, 'SIGINT', FAST_STOP_LIMIT_MS)) return;
  log('PostgreSQL did not stop in time: ending it at once, it will recover when it starts again');
  if (await signalAndWait(placement, 'SIGQUIT', IMMEDIATE_STOP_LIMIT_MS)) return;
  throw new EmbeddedPostgresError('START_FAILED', `PostgreSQL in ${placement.dataDir} could not be stopped`);
}

async function signalAndWait(placement: Placement, signal: NodeJS.Signals, limitMs: number): Promise<boolean> {
  const state = await inspectServer(placement);
  if (state.kind === 'running') process.kill(state.pid, signal);
  return pollUntil(limitMs, async () => (await inspectServer(placement)).kind === 'absent');
}
