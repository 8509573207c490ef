/** Codes of faults: API surface. Add, never rename. */
export type FaultCode =
  | 'BAD_USER_INPUT'
  | 'UNAUTHENTICATED'
  | 'STEP_UP_REQUIRED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'RATE_LIMITED'
  | 'UNAVAILABLE';

/**
 * An answer that is not a result: bad input, no session, no right, not visible, or the outside world failing. Expected
 * ways of saying no are returned as refusals instead; anything else that is thrown is a bug and reaches the client as
 * `INTERNAL` with a request id.
 */
export class Fault extends Error {
  constructor(
    readonly code: FaultCode,
    message: string,
    options?: { cause?: unknown; details?: Readonly<Record<string, unknown>> },
  ) {
    super(message, { cause: options?.cause });
    this.name = 'Fault';
    this.details = options?.details ?? {};
  }

  /** Data for the client, beside the code. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** For what does not exist and for what the caller may not know exists: both look the same. */
export function notFound(what: string): Fault {
  return new Fault('NOT_FOUND', `${what} was not found.`);
}
