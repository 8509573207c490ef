/**
 * The control plane's time: what the last handshake said, carried on by the monotonic clock. The host's own clock is
 * never asked, so it may be wrong by any amount or be set while the agent runs.
 */
export class ControlPlaneClock {
  #offsetMs: number | null = null;

  /** @param monotonicMs milliseconds that only rise */
  constructor(private readonly monotonicMs: () => number = () => performance.now()) {}

  get isSet(): boolean {
    return this.#offsetMs !== null;
  }

  /** Takes over the time of a verified handshake. */
  set(time: Date): void {
    this.#offsetMs = time.getTime() - this.monotonicMs();
  }

  /** @throws before the first handshake since the start: nothing may be judged by a guessed time. */
  now(): Date {
    if (this.#offsetMs === null) throw new Error('The control plane’s time is not known before the first handshake');
    return new Date(this.#offsetMs + this.monotonicMs());
  }

  /** For stamping figures only, never for judging: before the first handshake, what the host's own clock says. */
  estimate(): Date {
    return this.#offsetMs === null ? new Date() : this.now();
  }
}
