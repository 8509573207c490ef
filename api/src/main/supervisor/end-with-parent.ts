/**
 * Loaded by `node --import` into every child of the supervisor: a child whose supervisor has gone, by kill -9 too, ends
 * as if it had been asked to, and by force when that takes too long.
 */
const GRACE_MS = 10_000;

process.once('disconnect', () => {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE_MS).unref();
  process.kill(process.pid, 'SIGTERM');
});
