/** Room for an entry of a log with its stack. */
const KEPT_CHARACTERS = 16_000;
const SHOWN_CHARACTERS = 2_000;
const SHOWN_LINES = 5;
/** What a program logged longer before its end does not tell why it ended. */
const NEWEST_MS = 10_000;
/** Of pino: `warn`. */
const WORTH_SAYING = 40;

/** The end of what a program wrote, to be shown when it ends without being asked to. */
export class LastWords {
  #text = '';

  add(chunk: Buffer): void {
    this.#text = (this.#text + chunk.toString('utf8')).slice(-KEPT_CHARACTERS);
  }

  /** Harmless to a terminal: control characters are gone. Lines of a log are told as sentences, and only the newest. */
  lines(now = Date.now()): string[] {
    return this.#text
      .split('\n')
      .flatMap((line) => sentenceOf(line, now) ?? [])
      .map((line) =>
        line
          .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ')
          .trimEnd()
          .slice(-SHOWN_CHARACTERS),
      )
      .filter((line) => line !== '')
      .slice(-SHOWN_LINES);
  }
}

/** A line that is no entry of a log, or what an entry says; null for one that does not matter any more. */
function sentenceOf(line: string, now: number): string | null {
  const entry = entryOf(line);
  if (!entry) return line;
  const isOld = now - Date.parse(entry.time ?? '') > NEWEST_MS;
  if (isOld || (entry.level ?? WORTH_SAYING) < WORTH_SAYING) return null;
  return [entry.msg, entry.err?.message].filter((part) => part !== undefined).join(': ');
}

interface LogEntry {
  level?: number;
  time?: string;
  msg?: string;
  err?: { message?: string };
}

function entryOf(line: string): LogEntry | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as LogEntry;
  } catch {
    // Not JSON, so no entry.
    return null;
  }
}
