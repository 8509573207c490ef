import { execFile, type ExecFileException } from 'node:child_process';
import { promisify } from 'node:util';
import type { RunnerLauncher, RunnerTask } from './runner-launcher.js';

const run = promisify(execFile);
const DEADLINE_MS = 10_000;
/** Exit codes by which systemd itself says that it could not execute a program: systemd.exec(5). */
const SPAWN_FAILURES = { first: 200, last: 243 };

export interface SystemdLauncherOptions {
  /** The bundled runner. */
  runnerPath: string;
  nodePath?: string;
  /** How long systemd may take to answer. */
  deadlineMs?: number;
}

/**
 * Runs each runner as a transient unit of its own, outside the agent's: systemd restarts, limits and stops the agent
 * without touching it. Needs root and a running systemd.
 */
export class SystemdLauncher implements RunnerLauncher {
  /** Units seen failed, which systemd keeps until it is told that nobody wants to know any more. */
  private readonly failed = new Set<string>();

  constructor(private readonly options: SystemdLauncherOptions) {}

  unitOf({ commandId, attempt }: RunnerTask): string {
    return attempt === 1 ? `ph-cmd-${commandId}.service` : `ph-cmd-${commandId}-${attempt}.service`;
  }

  async launch(task: RunnerTask): Promise<void> {
    try {
      await this.run('systemd-run', this.argvFor(task));
    } catch (error) {
      if (await this.mayHaveStarted(task, error as ExecFileException)) return;
      await this.tryOn(task, ['reset-failed']);
      throw error;
    }
  }

  async find(task: RunnerTask): Promise<'alive' | 'gone'> {
    const { ActiveState = '' } = await this.show(task, ['ActiveState']);
    if (ActiveState === 'failed') this.failed.add(this.unitOf(task));
    return isOver(ActiveState) ? 'gone' : 'alive';
  }

  async endRemains(task: RunnerTask): Promise<void> {
    await this.tryOn(task, ['kill', '--signal=SIGKILL']);
  }

  /** A unit ends with its runner. One whose runner was killed is failed, and is forgotten here. */
  release(task: RunnerTask): void {
    if (this.failed.delete(this.unitOf(task))) void this.tryOn(task, ['reset-failed']);
  }

  close(): void {
    // There are no spare runners: a unit is made for one command.
  }

  /** Never --pipe or --wait, which tie the command to the agent, nor --collect, which loses what became of it. */
  argvFor(task: RunnerTask): string[] {
    const { nodePath = process.execPath, runnerPath } = this.options;
    return [
      '--quiet',
      '--no-ask-password',
      `--unit=${this.unitOf(task)}`,
      `--description=Pilothouse command ${task.commandId}`,
      '--service-type=exec',
      // What a command leaves running on purpose outlives it, as without systemd. At a time-out or cancel the runner
      // ends all that is in the unit.
      '--property=KillMode=process',
      '--property=OOMPolicy=continue',
      '--property=TimeoutStopSec=10s',
      '--',
      nodePath,
      runnerPath,
      task.directory,
    ];
  }

  /**
   * Whether a start that was not confirmed may have happened all the same, as when systemd was busy or restarted itself
   * in this moment. Such a command is followed, and lost if it is nowhere: it is never told as not run.
   */
  private async mayHaveStarted(task: RunnerTask, { code, killed }: ExecFileException): Promise<boolean> {
    if (killed) return true;
    const isSystemdsAnswer = typeof code === 'number';
    if (!isSystemdsAnswer) return false;
    try {
      const properties = ['ActiveState', 'ExecMainPID', 'ExecMainStatus'];
      const { ActiveState = '', ExecMainPID, ExecMainStatus } = await this.show(task, properties);
      const wasExecuted = ExecMainPID !== '0' && !isSpawnFailure(Number(ExecMainStatus));
      return wasExecuted || !isOver(ActiveState);
    } catch {
      // Nobody can tell at this moment; the look-ups that follow will.
      return true;
    }
  }

  private async tryOn(task: RunnerTask, [verb = '', ...options]: string[]): Promise<void> {
    try {
      await this.run('systemctl', [verb, ...options, '--', this.unitOf(task)]);
    } catch {
      // There is no such unit any more, or nothing in it.
    }
  }

  private async show(task: RunnerTask, properties: readonly string[]): Promise<Partial<Record<string, string>>> {
    const { stdout } = await this.run('systemctl', [
      'show',
      `--property=${properties.join()}`,
      '--',
      this.unitOf(task),
    ]);
    return Object.fromEntries(stdout.split('\n').map((line) => line.split('=', 2) as [string, string]));
  }

  private run(program: string, argv: string[]) {
    return run(program, argv, { timeout: this.options.deadlineMs ?? DEADLINE_MS });
  }
}

function isOver(activeState: string): boolean {
  return activeState === 'inactive' || activeState === 'failed';
}

function isSpawnFailure(status: number): boolean {
  return status >= SPAWN_FAILURES.first && status <= SPAWN_FAILURES.last;
}
