import { watch, type FSWatcher } from 'node:fs';
import type { CommandDirectory, KnownExit } from './command-directory.js';
import type { RunnerLauncher, RunnerTask } from './launcher/runner-launcher.js';
import { JOB_FILES } from './runner/runner-job.js';
import { firstSeqOf } from './spool/spool-format.js';

/** Notices a runner that was killed, and what a host tells whose watches ran out. */
const POLL_MS = 1000;

export interface RunWatchOptions {
  directory: CommandDirectory;
  task: RunnerTask;
  launcher: Pick<RunnerLauncher, 'find'>;
  /** There may be more output. */
  onOutput: () => void;
}

/** Waits for the end of one running command by looking at its directory, whoever started its runner. */
export class RunWatch {
  /** The exit record; null when the runner is gone and has left none. Stays open after `close`. */
  readonly ended: Promise<KnownExit | null>;
  private resolve!: (exit: KnownExit | null) => void;
  private readonly watcher: FSWatcher | null;
  private readonly poll: NodeJS.Timeout;

  constructor(private readonly options: RunWatchOptions) {
    this.ended = new Promise((resolve) => {
      this.resolve = resolve;
    });
    this.watcher = this.startWatching();
    this.poll = setInterval(() => void this.look(), POLL_MS);
    this.lookForExit();
  }

  close(): void {
    this.watcher?.close();
    clearInterval(this.poll);
  }

  private startWatching(): FSWatcher | null {
    try {
      return watch(this.options.directory.path, (_event, name) => {
        if (name === JOB_FILES.exit) this.lookForExit();
        else if (name === null || firstSeqOf(name) !== null) this.options.onOutput();
      });
    } catch {
      // The host's watches are used up: the poll remains.
      return null;
    }
  }

  private async look(): Promise<void> {
    this.options.onOutput();
    const { launcher, task } = this.options;
    const state = await launcher.find(task).catch(() => 'alive' as const);
    // Read after the look-up: a runner that has just ended has left its record before.
    const found = this.lookForExit();
    if (!found && state === 'gone') this.end(null);
  }

  private lookForExit(): boolean {
    const exit = this.options.directory.readExit();
    if (exit) this.end(exit);
    return exit !== null;
  }

  private end(exit: KnownExit | null): void {
    this.close();
    this.resolve(exit);
  }
}
