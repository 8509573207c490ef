import { randomInt } from 'node:crypto';
import type { LinkLimits } from '../kernel/limits.js';

type BackoffLimits = Pick<LinkLimits, 'initialBackoffMs' | 'maxFreshBackoffMs' | 'maxBackoffMs' | 'freshOutageMs'>;

/**
 * Full-jitter back-off of one outage: a random wait up to a ceiling that doubles with every attempt. Because each agent
 * draws anew each time, a thousand of them come back spread out and not in waves.
 */
export class Backoff {
  #attempts = 0;
  #outageStartMs: number | null = null;

  constructor(
    private readonly limits: BackoffLimits,
    private readonly monotonicMs: () => number = () => performance.now(),
    private readonly random: (below: number) => number = (below) => randomInt(below),
  ) {}

  get attempts(): number {
    return this.#attempts;
  }

  /** The connection has proved itself; the next outage starts anew. */
  reset(): void {
    this.#attempts = 0;
    this.#outageStartMs = null;
  }

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const { initialBackoffMs, maxFreshBackoffMs, maxBackoffMs, freshOutageMs } = this.limits;
    this.#outageStartMs ??= this.monotonicMs();
    const isFresh = this.monotonicMs() - this.#outageStartMs < freshOutageMs;
    const cap = isFresh ? maxFreshBackoffMs : maxBackoffMs;
    const ceiling = Math.min(cap, initialBackoffMs * 2 ** Math.min(this.#attempts, 20));
    this.#attempts += 1;
    return this.random(ceiling + 1);
  }
}
