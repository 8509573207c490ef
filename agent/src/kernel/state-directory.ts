import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Files of the state directory. Only its owner may enter it. */
export class StateDirectory {
  readonly identity: string;
  readonly pendingEnrolment: string;
  readonly pendingKey: string;
  readonly keyset: string;
  readonly anchors: string;
  readonly telemetry: string;
  readonly lock: string;
  readonly socket: string;

  constructor(readonly path: string) {
    this.identity = join(path, 'identity.json');
    this.pendingEnrolment = join(path, 'enrolment-pending.json');
    this.pendingKey = join(path, 'key-pending.json');
    this.keyset = join(path, 'keyset.json');
    this.anchors = join(path, 'anchors.jsonl');
    this.telemetry = join(path, 'telemetry');
    this.lock = join(path, 'agent.lock');
    this.socket = join(path, 'agent.sock');
  }

  /** Makes the directory when it is missing. @throws when others may enter it, because the agent's key is in there. */
  async prepare(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    const problem = this.problem();
    if (problem) throw new Error(problem);
  }

  /** A sentence on what is wrong with the directory; null when it may be used. */
  problem(): string | null {
    const stats = statSync(this.path, { throwIfNoEntry: false });
    if (!stats) return `${this.path} does not exist`;
    if (!stats.isDirectory()) return `${this.path} is not a directory`;
    const own = process.getuid?.();
    if (stats.uid !== own) return `${this.path} belongs to user ${stats.uid}, but the agent runs as user ${own}`;
    if ((stats.mode & 0o077) !== 0) return `${this.path} is open to other users: run chmod 700 ${this.path}`;
    return null;
  }
}

/** Another agent works on the same state directory. */
export class StateInUseError extends Error {
  override name = 'StateInUseError';
}

/**
 * Locks the state directory until the process ends, however it ends; released by the function that is returned.
 *
 * The kernel keeps the lock with the open file, so nothing stale is ever left behind. Node cannot ask for such a lock
 * itself; `flock` asks for it on the descriptor that it is lent, which stays locked when `flock` has gone.
 * @throws StateInUseError
 */
export async function lockState(state: StateDirectory): Promise<() => void> {
  const descriptor = openSync(state.lock, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    if (!(await takeLock(descriptor))) throw new StateInUseError(`An agent is already at work on ${state.path}`);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return () => closeSync(descriptor);
}

/** Exit code of `flock --nonblock` when somebody else holds the lock. */
const LOCK_IS_HELD = 1;

function takeLock(descriptor: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn('flock', ['--exclusive', '--nonblock', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', descriptor],
    });
    child.on('error', (cause) => reject(new Error('The program flock (package util-linux) is needed', { cause })));
    child.on('exit', (code) => {
      if (code === 0 || code === LOCK_IS_HELD) resolve(code === 0);
      else reject(new Error(`flock ended with ${code}`));
    });
  });
}
