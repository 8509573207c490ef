import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { RunnerLauncher, RunnerTask } from './runner-launcher.js';

const run = promisify(execFile);
const DEADLINE_MS = 10_000;

export interface SystemdLauncherOptions {
  /** The bundled runner. */
  runnerPath: string;
  nodePath?: string;
}

/**
 * Runs each runner as a transient unit of its own, outside the agent's: systemd restarts, limits and stops the agent
 * without touching it. Needs root and a running systemd.
 */
export class SystemdLauncher implements RunnerLauncher {
  constructor(private readonly options: SystemdLauncherOptions) {}

  unitOf({ commandId, attempt }: RunnerTask): string {
    return attempt === 1 ? `ph-cmd-${commandId}.service` : `ph-cmd-${commandId}-${attempt}.service`;
  }

  async launch(task: RunnerTask): Promise<void> {
    await run('systemd-run', this.argvFor(task), { timeout: DEADLINE_MS });
  }

  async find(task: RunnerTask): Promise<'alive' | 'gone'> {
    const argv = ['show', '--property=ActiveState', '--value', '--', this.unitOf(task)];
    const { stdout } = await run('systemctl', argv, { timeout: DEADLINE_MS });
    return ['inactive', 'failed'].includes(stdout.trim()) ? 'gone' : 'alive';
  }

  release(): void {
    // The unit ends with its runner.
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
}
