/** What the api's process and its supervisor tell each other over the channel between parent and child. */
export type ToParent =
  | { type: 'listening' }
  /** A fresh set-up code; null when set-up is complete. */
  | { type: 'setup-code'; code: string | null }
  /** A token to enrol the agent of this machine with. */
  | { type: 'local-enrolment'; token: string; url: string; pin: string };

export type ToChild = { type: 'enrol-local-agent' };

/** Whether a supervisor has started this process, as `npm start` does. */
export function isSupervised(): boolean {
  return process.connected;
}

/** Does nothing when the process was started by hand. */
export function tellParent(message: ToParent): void {
  if (process.connected) process.send?.(message);
}

export function whenParentAsks(type: ToChild['type'], answer: () => void): void {
  process.on('message', (message) => {
    if ((message as ToChild | null)?.type === type) answer();
  });
}

/** A control plane without its supervisor would go on unseen: it ends with it. */
export function whenParentGoes(stop: () => void): void {
  if (process.connected) process.once('disconnect', stop);
}
