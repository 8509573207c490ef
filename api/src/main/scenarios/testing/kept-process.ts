import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

export interface KeptProcessOptions {
  /** Arguments for Node. */
  args: readonly string[];
  /** Its whole environment. */
  variables: Readonly<Record<string, string>>;
  /** What it tells over the channel between parent and child. */
  onMessage?: (message: unknown) => void;
}

const RESTART_MS = 200;

/** One program of the control plane, as a service manager keeps it: whenever it ends, it is started again. */
export class KeptProcess {
  private process: ChildProcess | null = null;
  private downUntilMs = 0;
  private isOver = false;
  private readonly kept: Promise<void>;

  constructor(private readonly options: KeptProcessOptions) {
    this.kept = this.keep();
  }

  /** Ends it by `signal`; it is started again, but not before `downMs` are over. */
  end(signal: 'SIGKILL' | 'SIGTERM', downMs = 0): void {
    this.downUntilMs = performance.now() + downMs;
    this.process?.kill(signal);
    this.process?.kill('SIGCONT');
  }

  /** It does nothing and keeps every connection, until it is thawed or ends. */
  freeze(): void {
    this.process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.process?.kill('SIGCONT');
  }

  async remove(): Promise<void> {
    this.isOver = true;
    this.end('SIGTERM');
    await this.kept;
  }

  private async keep(): Promise<void> {
    while (!this.isOver) {
      const { args, variables, onMessage } = this.options;
      const child = spawn(process.execPath, args, { env: variables, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      this.process = child;
      if (onMessage) child.on('message', onMessage);
      await once(child, 'exit');
      this.process = null;
      while (!this.isOver && performance.now() < this.downUntilMs) await delay(RESTART_MS);
      if (!this.isOver) await delay(RESTART_MS);
    }
  }
}
