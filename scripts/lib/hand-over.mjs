import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** @type {NodeJS.Signals[]} */
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Within this time the same signal is one wish: on Ctrl-C it comes from the terminal and once more from npm. */
const oneWishMs = 1_000;

/**
 * Lets another program take this one's place: same terminal output, signals passed on, its exit code returned.
 *
 * The program runs in its own session, so that a Ctrl-C reaches it once, through here, and never its children.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {string} cwd
 * @returns {Promise<number>} its exit code, or 128 + the number of the signal that ended it
 */
export function handOver(program, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
    for (const signal of forwarded) {
      let lastMs = -Infinity;
      process.on(signal, () => {
        const nowMs = performance.now();
        if (nowMs - lastMs >= oneWishMs) child.kill(signal);
        lastMs = nowMs;
      });
    }
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
}
