export type GroupSignal = 'SIGTERM' | 'SIGKILL' | 0;

/** Sends a signal to every process of a group; false when the group has no process left. */
export function signalGroup(groupId: number, signal: GroupSignal): boolean {
  try {
    process.kill(-groupId, signal);
    return true;
  } catch (error) {
    // EPERM: there are processes, but not ours to signal (a set-uid program of an unprivileged agent).
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const POLL_MS = 20;

/**
 * Ends processes: SIGTERM, and SIGKILL to what is left of them after the grace. Resolves when none can go on.
 * @param send signals them all; false when none is left
 */
export function endProcesses(send: (signal: GroupSignal) => boolean, graceMs: number): Promise<void> {
  send('SIGTERM');
  const deadline = performance.now() + graceMs;
  return new Promise((resolve) => {
    const look = () => {
      if (!send(0)) return resolve();
      if (performance.now() < deadline) return void setTimeout(look, POLL_MS);
      send('SIGKILL');
      resolve();
    };
    look();
  });
}
