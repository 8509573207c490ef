import { whenParentGoes } from './parent.js';

/** Stops once, on a signal or when the supervisor is gone, and ends the process. */
export function endWith(stop: () => Promise<void>): void {
  let stopping = false;
  const end = () => {
    if (stopping) return;
    stopping = true;
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  whenParentGoes(end);
}
