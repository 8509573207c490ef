import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { BootedHost } from '../../../testing/index.js';
import type { RunnerLauncher, RunnerTask } from '../launcher/runner-launcher.js';
import { SystemdLauncher, type SystemdLauncherOptions } from '../launcher/systemd.launcher.js';

export interface LauncherCall {
  id: number;
  method: 'launch' | 'find' | 'endRemains' | 'release';
  task: RunnerTask;
}

export type LauncherReply = { id: number; value: unknown } | { id: number; problem: string };

/** A SystemdLauncher in a process of a booted host, as the agent there would use it. */
export class RemoteLauncher implements RunnerLauncher {
  private readonly process: ChildProcess;
  private readonly calls: ((reply: LauncherReply) => void)[] = [];

  /** @param program the bundle of `launcher-process.ts`; like the runner, in a directory that the host sees */
  constructor(
    host: BootedHost,
    program: string,
    private readonly options: SystemdLauncherOptions,
  ) {
    this.process = host.spawn(process.execPath, [program, JSON.stringify(options)]);
    createInterface({ input: this.process.stdout! }).on('line', (line) => {
      const reply = JSON.parse(line) as LauncherReply;
      this.calls[reply.id]?.(reply);
    });
  }

  unitOf(task: RunnerTask): string {
    return new SystemdLauncher(this.options).unitOf(task);
  }

  async launch(task: RunnerTask): Promise<void> {
    await this.call('launch', task);
  }

  async find(task: RunnerTask): Promise<'alive' | 'gone'> {
    return (await this.call('find', task)) as 'alive' | 'gone';
  }

  async endRemains(task: RunnerTask): Promise<void> {
    await this.call('endRemains', task);
  }

  release(task: RunnerTask): void {
    void this.call('release', task);
  }

  close(): void {
    this.process.stdin?.end();
  }

  private async call(method: LauncherCall['method'], task: RunnerTask): Promise<unknown> {
    const reply = await new Promise<LauncherReply>((resolve) => {
      const call: LauncherCall = { id: this.calls.push(resolve) - 1, method, task };
      this.process.stdin?.write(`${JSON.stringify(call)}\n`);
    });
    if ('problem' in reply) throw new Error(reply.problem);
    return reply.value;
  }
}
