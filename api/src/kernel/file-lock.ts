import { spawn } from 'node:child_process';

/** Exit code of `flock --nonblock` when somebody else holds the lock. */
const LOCK_IS_HELD = 1;

/**
 * Locks an open file for this process, or says that somebody else has. The kernel keeps the lock with the open file, so
 * nothing stale is left behind when the process ends in whatever way. Node cannot ask for such a lock; `flock` asks for
 * it on the descriptor that it is lent, which stays locked when `flock` has gone.
 */
export function lockFile(descriptor: number): Promise<boolean> {
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
