import type { HealthFrame, HostFacts } from '@pilothouse/protocol';
import { describeError, type Log } from '../kernel/log.js';
import type { ReportSource } from '../link/report-source.js';

export interface HostReportsOptions {
  source: ReportSource;
  facts: () => Promise<HostFacts>;
  health: () => HealthFrame;
  log: Log;
  healthIntervalMs?: number;
  factsIntervalMs?: number;
}

/** Tells facts and health after each connection, and again when they have changed. */
export class HostReports {
  private readonly timers: NodeJS.Timeout[] = [];
  private lastHealth = '';
  private lastFacts = '';

  constructor(private readonly options: HostReportsOptions) {}

  start(): void {
    const { healthIntervalMs = 30_000, factsIntervalMs = 600_000 } = this.options;
    this.timers.push(setInterval(() => this.reportHealth(), healthIntervalMs));
    this.timers.push(setInterval(() => void this.reportFacts(), factsIntervalMs));
  }

  stop(): void {
    for (const timer of this.timers.splice(0)) clearInterval(timer);
  }

  /** A new connection may lead to a control plane that lost what it was told. */
  connected(): void {
    this.lastHealth = '';
    this.lastFacts = '';
    this.reportHealth();
    void this.reportFacts();
  }

  private reportHealth(): void {
    const health = this.options.health();
    const text = JSON.stringify(health);
    if (text === this.lastHealth) return;
    this.lastHealth = text;
    this.options.source.reportHealth(health);
  }

  private async reportFacts(): Promise<void> {
    try {
      const facts = await this.options.facts();
      const text = JSON.stringify(facts);
      if (text === this.lastFacts) return;
      this.lastFacts = text;
      this.options.source.reportFacts(facts);
    } catch (error) {
      this.options.log.warn('Facts of this host could not be collected', { reason: describeError(error) });
    }
  }
}
