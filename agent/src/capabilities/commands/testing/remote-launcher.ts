import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { BootedHost } from '../../../testing/index.js';
import type { RunnerLauncher, RunnerTask } from '../launcher/runner-launcher.js';

export interface LauncherCall {
  method: 'launch' | 'find';
  task: RunnerTask;
}

export type LauncherReply = { value: unknown } | { problem: string };

/** A SystemdLauncher in a process of a booted host, as the agent there would use it. */
export class RemoteLauncher implements Omit<RunnerLauncher, 'unitOf'> {
  private readonly process: ChildProcess;
  private readonly replies: AsyncIterator<string>;

  /** @param program the bundle of `launcher-process.ts`; like the runner, in a directory that the host sees */
  constructor(host: BootedHost, { program, runnerPath }: { program: string; runnerPath: string }) {
    this.process = host.spawn(process.execPath, [program, runnerPath]);
    this.replies = createInterface({ input: this.process.stdout! })[Symbol.asyncIterator]();
  }

  async launch(task: RunnerTask): Promise<void> {
    await this.call({ method: 'launch', task });
  }

  async find(task: RunnerTask): Promise<'alive' | 'gone'> {
    return (await this.call({ method: 'find', task })) as 'alive' | 'gone';
  }

  release(): void {
    // As of the launcher itself.
  }

  close(): void {
    this.process.stdin?.end();
  }

  /** One at a time. */
  private async call(call: LauncherCall): Promise<unknown> {
    this.process.stdin?.write(`${JSON.stringify(call)}\n`);
    const { value: line } = await this.replies.next();
    const reply = JSON.parse(String(line)) as LauncherReply;
    if ('problem' in reply) throw new Error(reply.problem);
    return reply.value;
  }
}
