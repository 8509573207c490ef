import { join } from 'node:path';
import { CommandDirectory, type KnownExit } from './command-directory.js';
import type { OpenCommand } from './command-ledger.js';
import type { StartedInfo } from './command-records.js';
import type { RunnerLauncher, RunnerTask } from './launcher/runner-launcher.js';
import { RunWatch } from './run-watch.js';
import type { OutputSource } from './sources/output.source.js';
import { findSpoolEnd } from './spool/spool-reader.js';
import { SPOOL_START, type SpoolPosition } from './spool/spool-format.js';

/** How one attempt at a command ended. */
export type AttemptEnd =
  | { kind: 'exit'; started: StartedInfo; exit: KnownExit }
  | { kind: 'lost'; started: StartedInfo; end: SpoolPosition; rebooted: boolean; neverBegan: boolean }
  | { kind: 'not-launched'; reason: string };

export interface ExecutorOptions {
  /** `<state>/commands`. */
  directory: string;
  /** Of the running kernel. */
  bootId: string;
  launcher: RunnerLauncher;
  output: OutputSource;
}

interface Running {
  startedAt: string;
  directory: CommandDirectory;
  watch: RunWatch;
}

/** Runs commands through runners, follows them to their end, and finds them again after a restart of the agent. */
export class CommandExecutor {
  private readonly runs = new Map<string, Running>();
  private readonly cancelReasons = new Map<string, string>();

  constructor(private readonly options: ExecutorOptions) {}

  get running(): { commandId: string; startedAt: string }[] {
    return [...this.runs].map(([commandId, { startedAt }]) => ({ commandId, startedAt }));
  }

  unitOf(commandId: string, attempt: number): string | null {
    return this.options.launcher.unitOf(this.taskOf(commandId, attempt));
  }

  /** Starts the runner of a command whose STARTED is on disk; null when that worked. */
  async launch({ intent }: OpenCommand, started: StartedInfo): Promise<AttemptEnd | null> {
    const task = this.taskOf(intent.id, started.attempt);
    const directory = this.directoryOf(intent.id);
    const isFirst = started.attempt === 1;
    try {
      directory.prepare(intent, isFirst ? SPOOL_START : await findSpoolEnd(directory.path));
      const cancelReason = this.cancelReasons.get(intent.id);
      if (cancelReason !== undefined) directory.requestCancel(cancelReason);
      await this.options.launcher.launch(task);
      return null;
    } catch (error) {
      if (!isFirst) return this.lost(task, started);
      await directory.remove();
      return { kind: 'not-launched', reason: describeLaunchError(error as NodeJS.ErrnoException) };
    }
  }

  /** Resolves when a launched command has ended. */
  async follow({ intent }: OpenCommand, started: StartedInfo): Promise<AttemptEnd> {
    const { launcher, output } = this.options;
    const task = this.taskOf(intent.id, started.attempt);
    const directory = this.directoryOf(intent.id);
    output.follow(task.commandId, directory);
    const watch = new RunWatch({ directory, task, launcher, onOutput: () => output.changed() });
    this.runs.set(task.commandId, { startedAt: started.startedAt, directory, watch });
    this.passOnCancel(intent.id);
    const exit = await watch.ended;
    this.runs.delete(task.commandId);
    this.cancelReasons.delete(task.commandId);
    return exit ? this.ended(task, { kind: 'exit', started, exit }) : this.lost(task, started);
  }

  /** Finds a command that an earlier process of the agent started; resolves when it has ended. */
  async reattach(command: OpenCommand, started: StartedInfo): Promise<AttemptEnd> {
    const task = this.taskOf(command.intent.id, started.attempt);
    const directory = this.directoryOf(task.commandId);
    const sameBoot = started.bootId === this.options.bootId;
    // A host that cannot tell is asked again while the command is followed.
    const state = sameBoot ? await this.options.launcher.find(task).catch(() => 'alive' as const) : 'gone';
    if (state === 'alive') return this.follow(command, started);
    this.options.output.follow(task.commandId, directory);
    const exit = directory.readExit();
    return exit ? this.ended(task, { kind: 'exit', started, exit }) : this.lost(task, started);
  }

  /** Sends what is left of an ended command's output. */
  async resumeOutput(commandId: string): Promise<void> {
    const directory = this.directoryOf(commandId);
    this.options.output.follow(commandId, directory);
    const exit = directory.readExit();
    await this.options.output.finish(commandId, exit?.end ?? (await findSpoolEnd(directory.path)));
  }

  /** Ends a command that runs or is being started; the first reason counts. */
  cancel(commandId: string, reason: string): void {
    if (this.cancelReasons.has(commandId)) return;
    this.cancelReasons.set(commandId, reason);
    this.passOnCancel(commandId);
  }

  directoryOf(commandId: string): CommandDirectory {
    return new CommandDirectory(join(this.options.directory, commandId));
  }

  /** Looks away from what runs; it runs on. */
  close(): void {
    for (const { watch } of this.runs.values()) watch.close();
    this.options.launcher.close();
  }

  private passOnCancel(commandId: string): void {
    const reason = this.cancelReasons.get(commandId);
    if (reason !== undefined) this.runs.get(commandId)?.directory.requestCancel(reason);
  }

  private ended(task: RunnerTask, end: AttemptEnd): AttemptEnd {
    this.options.launcher.release(task);
    return end;
  }

  private async lost(task: RunnerTask, started: StartedInfo): Promise<AttemptEnd> {
    const directory = this.directoryOf(task.commandId);
    const rebooted = started.bootId !== this.options.bootId;
    const neverBegan = !rebooted && directory.withdraw();
    if (!rebooted) {
      directory.killOrphans();
      await this.options.launcher.endRemains(task);
    }
    const end = await findSpoolEnd(directory.path).catch(() => SPOOL_START);
    return this.ended(task, { kind: 'lost', started, end, rebooted, neverBegan });
  }

  private taskOf(commandId: string, attempt: number): RunnerTask {
    return { commandId, attempt, directory: this.directoryOf(commandId).path };
  }
}

function describeLaunchError({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'The command was not run: the agent’s disk is full';
  return `The command was not run: its runner could not be started (${code ?? message})`;
}
