import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 10;

/** Every command line of every process that lives long enough to be seen, as any user of the machine could note them. */
export class CommandLines {
  private readonly seen = new Set<string>();
  private readonly stopped = new AbortController();
  private readonly looking: Promise<void>;

  constructor() {
    this.looking = this.look();
  }

  /** Ends looking. @returns one command line a line */
  async stop(): Promise<string> {
    this.stopped.abort();
    await this.looking;
    return [...this.seen].join('\n');
  }

  private async look(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
      // A process that ended in between has no command line any more.
      const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
      for (const line of lines) if (line !== '') this.seen.add(line.replaceAll('\0', ' '));
      // Aborted: the loop ends.
      await delay(LOOK_EVERY_MS, undefined, { signal: this.stopped.signal }).catch(() => undefined);
    }
  }
}
