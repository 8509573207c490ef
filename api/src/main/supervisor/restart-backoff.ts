import { randomInt } from 'node:crypto';

const FIRST_CEILING_MS = 250;

/** Full jitter: a random wait below a ceiling that doubles with every attempt up to `capMs`. */
export class RestartBackoff {
  #attempts = 0;

  constructor(
    private readonly capMs: number,
    private readonly random: (below: number) => number = (below) => randomInt(below),
  ) {}

  /** How often a wait was asked for since the last reset. */
  get attempts(): number {
    return this.#attempts;
  }

  nextMs(): number {
    const ceilingMs = Math.min(this.capMs, FIRST_CEILING_MS * 2 ** Math.min(this.#attempts, 20));
    this.#attempts += 1;
    return this.random(ceilingMs + 1);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
