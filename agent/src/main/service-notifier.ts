import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ServiceEnvironment } from '../kernel/environment.js';
import { describeError, type Log } from '../kernel/log.js';
import type { Link } from '../link/link.js';

/** Two signs of life may be lost before systemd loses patience. */
const SIGNS_PER_WATCHDOG = 3;

export interface ServiceNotifierOptions {
  environment: ServiceEnvironment;
  link: Pick<Link, 'isMoving' | 'settled' | 'status'>;
  log: Pick<Log, 'warn' | 'error'>;
  /** Tells systemd; `NAME=value` each. */
  tell?: (assignments: readonly string[]) => Promise<void>;
}

/**
 * Tells systemd how the agent is.
 *
 * Ready: the first attempt at a connection has come to something, so the agent is linked or steadily trying. Alive: the
 * event loop turns, which a timer shows, and the link moves. A control plane that is away stops neither; so it never makes
 * systemd restart the agent. Does nothing where systemd did not start it.
 */
export class ServiceNotifier {
  private signs: NodeJS.Timeout | undefined;
  private isStopping = false;

  constructor(private readonly options: ServiceNotifierOptions) {}

  start(): void {
    const { environment, link } = this.options;
    if (!environment.isNotified) return;
    void link.settled.then(() => {
      if (!this.isStopping) void this.tell('READY=1', this.statusText());
    });
    if (environment.watchdogMs === null) return;
    this.signs = setInterval(() => this.showLife(), environment.watchdogMs / SIGNS_PER_WATCHDOG);
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.signs);
    if (this.options.environment.isNotified) await this.tell('STOPPING=1');
  }

  private showLife(): void {
    const { link, log } = this.options;
    if (link.isMoving) void this.tell('WATCHDOG=1', this.statusText());
    else log.error('The link hangs: systemd will restart this agent', { state: link.status().state });
  }

  private statusText(): string {
    const { state, since, lastError } = this.options.link.status();
    const text =
      state === 'ONLINE' ? `Online since ${since}` : `Not connected, trying again: ${lastError ?? 'no answer yet'}`;
    // A line break would begin another assignment.
    return `STATUS=${text.replaceAll(/\p{Cc}/gu, ' ')}`;
  }

  private async tell(...assignments: string[]): Promise<void> {
    const { tell = askSystemdNotify, log } = this.options;
    try {
      await tell(assignments);
    } catch (error) {
      log.warn('systemd could not be told how this agent is', { reason: describeError(error) });
    }
  }
}

/** Node has no unix datagram sockets. Three processes a minute take 25 ms of CPU time, which saves a native module. */
async function askSystemdNotify(assignments: readonly string[]): Promise<void> {
  await promisify(execFile)('systemd-notify', [...assignments], { timeout: 5000 });
}
