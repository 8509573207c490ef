import { QueryRunnerAlreadyReleasedError, QueryRunnerProviderAlreadyReleasedError } from 'typeorm';
import { Fault } from '../fault.js';

/** Of PostgreSQL: connection exceptions, too many connections, shutting down, crashed, not yet up. */
const AWAY_STATES = /^(08...|53300|57P0[123])$/;
const AWAY_SYSTEM_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT']);
/** Of `pg` itself, which gives these no code. */
const AWAY_SENTENCES =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying)/;

/**
 * Does the work, and tells a database that is away from a bug. Whether a change was made when the connection broke
 * during the commit is not known: callers that may not do a thing twice use an idempotency key.
 *
 * @throws UNAVAILABLE
 */
export async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isAway(error)) throw error;
    throw new Fault('UNAVAILABLE', 'The database does not answer at the moment. Try again shortly.', { cause: error });
  }
}

function isAway(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof Fault) return false;
  if (isReleased(error)) return true;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return AWAY_STATES.test(code) || AWAY_SYSTEM_CODES.has(code) || AWAY_SENTENCES.test(error.message);
}

/** TypeORM lets go of a connection that broke between two questions; nobody else does while work goes on. */
function isReleased(error: Error): boolean {
  return error instanceof QueryRunnerAlreadyReleasedError || error instanceof QueryRunnerProviderAlreadyReleasedError;
}
