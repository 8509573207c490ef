import { errorCode } from '../kernel/error-code.js';

export type EmbeddedPostgresProblem =
  | 'UNSUPPORTED_PLATFORM'
  | 'STATE_NOT_WRITABLE'
  | 'STATE_NOT_ENTERABLE'
  | 'DATA_MISSING'
  | 'NOT_THE_OWNER'
  | 'NO_ACCOUNT'
  | 'WRONG_MAJOR_VERSION'
  | 'PASSWORD_LOST'
  | 'ALREADY_IN_USE'
  | 'START_FAILED';

/** Why the embedded PostgreSQL cannot serve. The message is one an operator can act on; `code` is for programs. */
export class EmbeddedPostgresError extends Error {
  constructor(
    readonly code: EmbeddedPostgresProblem,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'EmbeddedPostgresError';
  }
}

const UNWRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR']);

/** Runs `work`; a disk that refuses to be written becomes a sentence that names `path`. */
export async function orNotWritable<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!UNWRITABLE.has(errorCode(error) ?? '')) throw error;
    throw new EmbeddedPostgresError('STATE_NOT_WRITABLE', `Cannot write to ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
