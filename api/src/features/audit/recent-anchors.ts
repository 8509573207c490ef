import type { AuditAnchor } from '@pilothouse/protocol';
import type { AnchorStore } from './anchor.store.js';

/** How long an anchor that another process has appended may go unseen. */
const MAX_AGE_MS = 1000;

interface Reading {
  anchor: Promise<AuditAnchor | null>;
  readAtMs: number;
}

/**
 * The last anchors, for those who ask often: a workspace's file is read once a second, however many agents connect and
 * wake. What is answered may be as much older than what is kept.
 */
export class RecentAnchors {
  private readonly readings = new Map<string, Reading>();

  constructor(
    private readonly store: AnchorStore,
    private readonly nowMs = () => performance.now(),
  ) {}

  latest(workspaceId: string): Promise<AuditAnchor | null> {
    const known = this.readings.get(workspaceId);
    if (known && this.nowMs() - known.readAtMs < MAX_AGE_MS) return known.anchor;
    const reading = { anchor: this.store.latest(workspaceId), readAtMs: this.nowMs() };
    this.readings.set(workspaceId, reading);
    // Whoever asked is told; the next one tries again.
    reading.anchor.catch(() => this.forget(workspaceId, reading));
    return reading.anchor;
  }

  private forget(workspaceId: string, reading: Reading): void {
    if (this.readings.get(workspaceId) === reading) this.readings.delete(workspaceId);
  }
}
