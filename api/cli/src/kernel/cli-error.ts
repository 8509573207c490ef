/** Exit codes. `run` and `commands rerun` end with the remote command's own code once there is one. */
export const EXIT = {
  ok: 0,
  general: 1,
  usage: 2,
  notSignedIn: 3,
  notAllowed: 4,
  notFound: 5,
  unavailable: 6,
  timedOut: 124,
  interrupted: 130,
} as const;

/** Ends the program with a sentence on stderr that says what is wrong and what to do. */
export class CliError extends Error {
  override name = 'CliError';

  constructor(
    message: string,
    readonly exitCode: number = EXIT.general,
    readonly code: string | null = null,
  ) {
    super(message);
  }
}

/** The control plane could not be reached, or the connection broke; trying again may help. */
export class Unreachable extends CliError {
  override name = 'Unreachable';

  constructor(message: string) {
    super(message, EXIT.unavailable, 'UNREACHABLE');
  }
}

const EXIT_OF_FAULT: Record<string, number> = {
  BAD_USER_INPUT: EXIT.usage,
  UNAUTHENTICATED: EXIT.notSignedIn,
  STEP_UP_REQUIRED: EXIT.notSignedIn,
  FORBIDDEN: EXIT.notAllowed,
  NOT_FOUND: EXIT.notFound,
  UNAVAILABLE: EXIT.unavailable,
  RATE_LIMITED: EXIT.unavailable,
};

/** An error that the API answered with, its stable code in `code`. */
export class ApiFault extends CliError {
  override name = 'ApiFault';

  constructor(code: string, message: string) {
    super(message, EXIT_OF_FAULT[code] ?? EXIT.general, code);
  }
}

/** For a refusal: the answer was no, for the reason that it carries. */
export function refused(refusal: { code: string; message: string }, exitCode: number = EXIT.general): CliError {
  return new CliError(refusal.message, exitCode, refusal.code);
}

export function usageError(message: string): CliError {
  return new CliError(message, EXIT.usage, 'USAGE');
}
