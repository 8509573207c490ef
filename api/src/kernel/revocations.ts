import type { Database } from './database/index.js';
import type { EventBus } from './event-bus.js';
import type { Logger } from './log.js';
import { recentRevocations, type Revocation } from './revocation.repository.js';

const POLL_MS = 1000;
const BLIND_AFTER_MS = 5000;

/**
 * Tells this replica whose rights have ended, within about a second, also when the bus is silent. When the table cannot
 * be read for 5 s the replica no longer knows whom to trust: `blind` is told, streams are closed and operations refused.
 */
export class Revocations {
  private readonly seen = new Map<string, number>();
  private readonly listeners = new Set<(revocation: Revocation) => void>();
  private readonly blindListeners = new Set<() => void>();
  private timer: NodeJS.Timeout | undefined;
  private lastReadAt = performance.now();
  private reading: Promise<void> | undefined;
  private primed = false;
  private unsubscribe: () => void = () => undefined;

  constructor(private readonly parts: { database: Database; bus: EventBus; log: Logger }) {}

  /** False while this replica does not know whose rights have ended. */
  get isTrustworthy(): boolean {
    return performance.now() - this.lastReadAt < BLIND_AFTER_MS;
  }

  async start(): Promise<void> {
    await this.read();
    this.timer = setInterval(() => void this.tick(), POLL_MS);
    this.unsubscribe = this.parts.bus.subscribe('revocations', () => void this.tick());
  }

  stop(): void {
    clearInterval(this.timer);
    this.unsubscribe();
  }

  onRevoked(listener: (revocation: Revocation) => void): void {
    this.listeners.add(listener);
  }

  onBlind(listener: () => void): void {
    this.blindListeners.add(listener);
  }

  private async tick(): Promise<void> {
    this.reading ??= this.read()
      .catch((error: unknown) => this.parts.log.warn({ err: error }, 'Revocations cannot be read'))
      .finally(() => (this.reading = undefined));
    if (!this.isTrustworthy) for (const tell of this.blindListeners) tell();
    await this.reading;
  }

  private async read(): Promise<void> {
    // What is read is at least as old as the question.
    const askedAt = performance.now();
    const rows = await recentRevocations(this.parts.database);
    this.lastReadAt = askedAt;
    for (const { seq, kind, subjectId } of rows) {
      const isNew = !this.seen.has(seq);
      this.seen.set(seq, askedAt);
      if (!isNew || !this.primed) continue;
      for (const tell of this.listeners) tell({ kind, subjectId });
    }
    this.primed = true;
    const listed = new Set(rows.map((row) => row.seq));
    for (const seq of this.seen.keys()) if (!listed.has(seq)) this.seen.delete(seq);
  }
}
