import { TELEMETRY_LIMITS, type HostPartSample, type HostSample } from '@pilothouse/protocol';
import type { HostReader, HostReading } from './host-reader.js';
import { hostSample } from './host-sample.js';
import { partSamples } from './part-samples.js';

/** The control plane's time as the agent knows it, carried on by a monotonic clock. */
export interface Clock {
  now(): Date;
}

/** What one tick gives: always the host, once a minute its parts. */
export interface Tick {
  sample: HostSample;
  parts: HostPartSample[];
}

export interface SamplerOptions {
  reader: Pick<HostReader, 'read'>;
  clock: Clock;
  /** Asked before each reading; while it says no, nothing is read. */
  allowed: () => boolean;
  onTick: (tick: Tick) => Promise<void>;
  onError: (error: unknown) => void;
  intervalMs?: number;
  partIntervalMs?: number;
  /** How long after each tick this host is sampled, so that a fleet does not report in the same instant. */
  phaseMs?: number;
}

/** A timer may fire a little before the clock reaches the tick; this much early still counts as the tick. */
const EARLY_MS = 500;

/**
 * Samples the host for the ticks of the control plane's clock, so that the figures of all servers stand side by side.
 *
 * A tick is sampled once, whatever the clock does; ticks missed by a suspended or stopped host are missing, not
 * invented. Parts cover the time since their last sample.
 */
export class Sampler {
  private readonly intervalMs: number;
  private readonly partIntervalMs: number;
  private readonly phaseMs: number;
  private timer: NodeJS.Timeout | undefined;
  private running = false;
  private work: Promise<void> = Promise.resolve();
  private last: { tickMs: number; reading: HostReading } | null = null;
  private lastParts: { slot: number; reading: HostReading } | null = null;

  constructor(private readonly options: SamplerOptions) {
    this.intervalMs = options.intervalMs ?? TELEMETRY_LIMITS.sampleIntervalMs;
    this.partIntervalMs = options.partIntervalMs ?? TELEMETRY_LIMITS.partIntervalMs;
    this.phaseMs = options.phaseMs ?? 0;
  }

  /** Reads once for comparison and samples from the next tick on. */
  async start(): Promise<void> {
    this.running = true;
    this.work = this.takeBaseline();
    await this.work;
    this.schedule();
  }

  /** No tick follows; resolves when the one under way is done. */
  async stop(): Promise<void> {
    this.running = false;
    clearTimeout(this.timer);
    await this.work;
  }

  /** The control plane's time, set back by the phase: a tick is due when this passes it. */
  private nowMs(): number {
    return this.options.clock.now().getTime() - this.phaseMs;
  }

  private schedule(): void {
    if (!this.running) return;
    const untilTickMs = this.intervalMs - (this.nowMs() % this.intervalMs);
    this.timer = setTimeout(() => {
      this.work = this.tick().finally(() => this.schedule());
    }, untilTickMs);
  }

  private async takeBaseline(): Promise<void> {
    if (!this.options.allowed()) return;
    try {
      const reading = await this.options.reader.read({ withNetworkMounts: true });
      this.last = { tickMs: Number.NaN, reading };
      this.lastParts = { slot: Number.NaN, reading };
    } catch (error) {
      this.options.onError(error);
    }
  }

  private async tick(): Promise<void> {
    const dueMs = this.nowMs() + EARLY_MS;
    const tickMs = dueMs - (dueMs % this.intervalMs);
    if (tickMs === this.last?.tickMs) return;
    if (!this.options.allowed()) this.last = null;
    if (!this.last || !this.lastParts) return this.takeBaseline();
    const slot = Math.floor(tickMs / this.partIntervalMs);
    const partsDue = slot !== this.lastParts.slot;
    try {
      const current = await this.options.reader.read({ withNetworkMounts: partsDue });
      const time = new Date(tickMs).toISOString();
      const sample = hostSample(time, { previous: this.last.reading, current });
      const parts = sample && partsDue ? partSamples(time, { previous: this.lastParts.reading, current }) : [];
      this.last = { tickMs, reading: current };
      if (!sample) return;
      if (partsDue) this.lastParts = { slot, reading: current };
      await this.options.onTick({ sample, parts });
    } catch (error) {
      this.options.onError(error);
    }
  }
}
