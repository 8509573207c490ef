import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { RotatingLog } from './rotating-log.js';

/** The terminal, where the operator reads few and short lines, and `logs/supervisor.log`, which keeps them. */
export class OperatorConsole {
  #log: RotatingLog | null = null;

  constructor(private readonly terminal: Writable) {
    // Whoever read it is gone: what is said goes on into the log, and nothing ends by it.
    terminal.on('error', () => undefined);
  }

  keepIn(stateDir: string): void {
    this.#log = new RotatingLog({ path: join(stateDir, 'logs', 'supervisor.log') });
  }

  say(line: string): void {
    this.show(line);
    this.#log?.write(`${new Date().toISOString()} ${line}\n`);
  }

  /** For what must be read once and kept nowhere: it goes to the terminal only. */
  show(line: string): void {
    this.terminal.write(`${line}\n`);
  }

  /** Returns once the file holds all that was said. */
  async close(): Promise<void> {
    if (this.#log) await finished(this.#log.end());
  }
}
