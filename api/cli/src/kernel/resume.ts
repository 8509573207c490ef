import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { ApiFault, Unreachable } from './cli-error.js';

/** How long to keep trying to get a lost connection back, and how long to wait between tries. */
const RESUME_LIMITS = { giveUpAfterMs: 5 * 60_000, initialBackoffMs: 200, maxBackoffMs: 5_000 } as const;

/** Something with a number, which a stream can be resumed after. An item with `end` may repeat the last number. */
export interface Numbered {
  seq: number;
  end?: boolean;
}

export interface Resumed<Item extends Numbered> {
  /** Opens the stream after a number; null: from where it opens by itself. Calls `onOpen` once there is a connection. */
  open: (afterSeq: number | null, onOpen: () => void) => AsyncIterable<Item>;
  /**
   * The number to begin after. Only what opens at its own beginning, or is told whole each time, can do without: a
   * stream that opens at "now" would lose what happens in a cut before its first item.
   */
  afterSeq: number | null;
  /** Called once for each outage, and once more when it is over. */
  onOutage?: (isOver: boolean) => void;
  giveUpAfterMs?: number;
}

/**
 * A stream without gap or duplicate over connections that break.
 * @throws ApiFault when the API refuses; Unreachable when there was no connection for `giveUpAfterMs`.
 */
export async function* resume<Item extends Numbered>(resumed: Resumed<Item>): AsyncGenerator<Item, void> {
  const { open, onOutage, giveUpAfterMs = RESUME_LIMITS.giveUpAfterMs } = resumed;
  let { afterSeq } = resumed;
  const outages = new Outages(onOutage);
  for (;;) {
    try {
      for await (const item of open(afterSeq, () => outages.opened())) {
        outages.gave();
        if (afterSeq !== null && item.seq <= afterSeq && !item.end) continue;
        afterSeq = Math.max(item.seq, afterSeq ?? 0);
        yield item;
      }
      return;
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (outages.failed(error) > giveUpAfterMs) throw error;
      await wait(backoffMs(outages.tries));
    }
  }
}

/** When a stream was cut and had back, and how often it was tried since its last item. */
class Outages {
  tries = 0;
  private since: number | null = null;
  private isOpen = true;

  constructor(private readonly tell: Resumed<Numbered>['onOutage']) {}

  /** There is a connection, though nothing may have come over it yet. */
  opened(): void {
    if (!this.isOpen) this.tell?.(true);
    this.isOpen = true;
  }

  gave(): void {
    this.opened();
    this.since = null;
    this.tries = 0;
  }

  /** @returns for how long this has been going on. A fault over a connection that stands is still the same outage. */
  failed(error: unknown): number {
    if (this.since === null || (this.isOpen && error instanceof Unreachable)) {
      this.tell?.(false);
      this.since = performance.now();
      this.isOpen = false;
    }
    this.tries += 1;
    return performance.now() - this.since;
  }
}

/** Tries again while the control plane cannot be reached. For what has no effect when it is asked for twice. */
export async function untilReached<Answer>(ask: () => Promise<Answer>, giveUpAfterMs: number): Promise<Answer> {
  const since = performance.now();
  for (let tries = 0; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!isPassing(error) || performance.now() - since > giveUpAfterMs) throw error;
      await wait(backoffMs(tries));
    }
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof ApiFault && error.code === 'UNAVAILABLE');
}

/** Full jitter, so that many programs that lost the same control plane do not come back in step. */
function backoffMs(tries: number): number {
  const { initialBackoffMs, maxBackoffMs } = RESUME_LIMITS;
  return randomInt(1 + Math.min(maxBackoffMs, initialBackoffMs * 2 ** Math.min(tries, 10)));
}
