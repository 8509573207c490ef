import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

/** Names under which a secret could stand. `code` alone is the code of a fault. */
const HIDDEN = new Set([
  'password',
  'token',
  'setupCode',
  'totpCode',
  'recoveryCode',
  'invitationCode',
  'secret',
  'authorization',
  'cookie',
  'credential',
  'stdin',
  'environment',
]);

/**
 * JSON lines on standard error. Fields that could hold a secret are cut out, wherever they stand. Of an error only its
 * kind, sentence and stack are kept: a failed query carries its parameters, and a broken constraint the row.
 */
export function createLogger(
  level: string,
  destination: DestinationStream = pino.destination({ fd: 2, sync: false }),
): Logger {
  return pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { log: (fields) => withoutSecrets(fields) as Record<string, unknown> },
      serializers: { err: describeError },
    },
    destination,
  );
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, HIDDEN.has(name) ? '[hidden]' : withoutSecrets(member)]),
  );
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const { code } = error as { code?: unknown };
  return {
    type: name,
    message,
    stack,
    ...(typeof code === 'string' && { code }),
    ...(cause !== undefined && { cause: describeError(cause) }),
  };
}
