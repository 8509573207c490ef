export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Lines for people and journald. Never give it a token, a key or a command's output. */
export type Log = Record<LogLevel, (message: string, fields?: LogFields) => void>;

export interface LogOptions {
  level: LogLevel;
  write?: (line: string) => void;
}

/** One line per entry on standard error: time, level, message, `name=value` fields. */
export function createLog({ level, write = (line) => process.stderr.write(line) }: LogOptions): Log {
  const from = LOG_LEVELS.indexOf(level);
  const entry = (at: LogLevel) => (message: string, fields?: LogFields) => {
    if (LOG_LEVELS.indexOf(at) >= from) write(formatLine(at, message, fields));
  };
  return { debug: entry('debug'), info: entry('info'), warn: entry('warn'), error: entry('error') };
}

function formatLine(level: LogLevel, message: string, fields: LogFields = {}): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${formatValue(String(value))}`);
  return `${new Date().toISOString()} ${level.padEnd(5)} ${printable(message)}${pairs.join('')}\n`;
}

function formatValue(value: string): string {
  return /^[\w.,:/@+-]+$/.test(value) ? value : printable(JSON.stringify(value));
}

/** What a hostile peer says must not move a terminal's cursor or forge a second line. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** The message of an error and of what caused it, for a log field. */
export function describeError(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(describeError).join('; ');
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describeError(error.cause)}`;
}
