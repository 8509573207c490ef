import type { Log, LogFields, LogLevel } from '../kernel/log.js';

export interface LogEntry {
  level: LogLevel;
  message: string;
  fields: LogFields;
}

/** Keeps what is logged, and lets a test wait for an entry that was made already or will be. */
export class RecordedLog implements Log {
  readonly entries: LogEntry[] = [];
  private waiting: { matches: (entry: LogEntry) => boolean; resolve: (entry: LogEntry) => void }[] = [];

  readonly debug = this.recorder('debug');
  readonly info = this.recorder('info');
  readonly warn = this.recorder('warn');
  readonly error = this.recorder('error');

  /** The first entry at or after `from` that matches. */
  waitFor(matches: (entry: LogEntry) => boolean, from = 0): Promise<LogEntry> {
    const found = this.entries.slice(from).find(matches);
    if (found) return Promise.resolve(found);
    return new Promise((resolve) => this.waiting.push({ matches, resolve }));
  }

  private recorder(level: LogLevel) {
    return (message: string, fields: LogFields = {}): void => {
      const entry = { level, message, fields };
      this.entries.push(entry);
      const told = this.waiting.filter(({ matches }) => matches(entry));
      this.waiting = this.waiting.filter((waiter) => !told.includes(waiter));
      for (const { resolve } of told) resolve(entry);
    };
  }
}
