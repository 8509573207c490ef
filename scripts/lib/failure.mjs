import { CommandFailed } from './run.mjs';

/**
 * Says in one line what failed and makes the process end with code 1. A failed command has explained itself already;
 * anything else is shown with its stack.
 *
 * @param {string} what
 * @param {unknown} error
 */
export function reportFailure(what, error) {
  console.error(`${what} failed: ${error instanceof CommandFailed ? error.message : describe(error)}`);
  process.exitCode = 1;
}

/** @param {unknown} error */
function describe(error) {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
