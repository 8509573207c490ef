import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identifyProcess, isAlive, readIdentity } from '../runner/process-identity.js';
import { JOB_FILES } from '../runner/runner-job.js';
import type { RunnerLauncher, RunnerTask } from './runner-launcher.js';

/** An agent that ran a command lately keeps one runner ready; an idle one keeps none. */
const SPARE_LIFETIME_MS = 60_000;
/** A command that runs longer than this is no reason to wait for its runner: another one is made ready. */
const SPARE_DELAY_MS = 100;

export interface SessionLauncherOptions {
  /** The bundled runner. */
  runnerPath: string;
  /** A directory of the agent's own, mode 0700. */
  scratchDirectory: string;
  nodePath?: string;
  spareLifetimeMs?: number;
  /** How long a command runs before a second runner is kept warm beside it. */
  spareDelayMs?: number;
}

/**
 * Runs each runner as a process in its own session. Node's start takes 40 ms, so one runner is kept ready after the
 * first command: the one that has just finished, or a new one while that is busy.
 */
export class SessionLauncher implements RunnerLauncher {
  private spare: ChildProcess | null = null;
  private readonly timers: { delay?: NodeJS.Timeout; lifetime?: NodeJS.Timeout } = {};
  private readonly working = new Map<string, ChildProcess>();

  constructor(private readonly options: SessionLauncherOptions) {}

  unitOf(): null {
    return null;
  }

  async launch({ commandId, directory }: RunnerTask): Promise<void> {
    clearTimeout(this.timers.delay);
    const runner = this.takeSpare() ?? (await this.startRunner());
    const identity = runner.pid === undefined ? null : identifyProcess(runner.pid);
    if (!identity) throw new Error('The runner ended before it was given its command');
    this.working.set(commandId, runner);
    writeFileSync(join(directory, JOB_FILES.runner), JSON.stringify(identity), { mode: 0o600 });
    await new Promise<void>((resolve, reject) => {
      runner.stdin?.write(`${directory}\n`, (error) => (error ? reject(error) : resolve()));
    });
    this.timers.delay = setTimeout(() => void this.replenish(), this.options.spareDelayMs ?? SPARE_DELAY_MS).unref();
  }

  async find({ directory }: RunnerTask): Promise<'alive' | 'gone'> {
    const identity = readIdentity(join(directory, JOB_FILES.runner));
    return identity && isAlive(identity) ? 'alive' : 'gone';
  }

  async endRemains(): Promise<void> {
    // What made itself a session of its own can be told from no other process of this host.
  }

  release({ commandId }: RunnerTask): void {
    const runner = this.working.get(commandId);
    this.working.delete(commandId);
    if (!runner) return;
    if (this.spare) runner.stdin?.end();
    else this.keepAsSpare(runner);
  }

  close(): void {
    clearTimeout(this.timers.delay);
    this.takeSpare()?.stdin?.end();
  }

  private async replenish(): Promise<void> {
    if (this.spare || this.working.size === 0) return;
    try {
      const runner = await this.startRunner();
      if (this.spare) runner.stdin?.end();
      else this.keepAsSpare(runner);
    } catch {
      // Only a convenience failed. The next launch tries again, and says so if it cannot.
    }
  }

  private startRunner(): Promise<ChildProcess> {
    const { nodePath = process.execPath, runnerPath, scratchDirectory } = this.options;
    const runner = spawn(nodePath, [runnerPath, '--spare', scratchDirectory], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      cwd: '/',
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    });
    runner.unref();
    runner.once('exit', () => {
      if (this.spare === runner) this.takeSpare();
    });
    return new Promise((resolve, reject) => {
      runner.once('error', reject);
      runner.once('spawn', () => {
        // From here on an error is a broken pipe to a runner that died, which `find` tells.
        runner.stdin?.on('error', () => undefined);
        resolve(runner);
      });
    });
  }

  private keepAsSpare(runner: ChildProcess): void {
    if (runner.exitCode !== null || runner.signalCode !== null) return;
    this.spare = runner;
    const lifetimeMs = this.options.spareLifetimeMs ?? SPARE_LIFETIME_MS;
    this.timers.lifetime = setTimeout(() => this.takeSpare()?.stdin?.end(), lifetimeMs).unref();
  }

  private takeSpare(): ChildProcess | null {
    const { spare } = this;
    clearTimeout(this.timers.lifetime);
    this.spare = null;
    return spare;
  }
}
