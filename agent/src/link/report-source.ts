import type { AgentFrame, HealthFrame, HostFacts } from '@pilothouse/protocol';
import type { FrameSource } from '../kernel/frame-source.js';

/**
 * What is true now and replaces what was said before: facts and health. Only the newest of each is kept, so it stays
 * small however long the control plane is away.
 */
export class ReportSource implements FrameSource {
  readonly lane = 'control';
  private readonly pending = new Map<string, AgentFrame>();
  private peeked: [kind: string, frame: AgentFrame][] = [];
  private tell: () => void = () => {};

  reportFacts(facts: HostFacts): void {
    this.put('facts', { facts });
  }

  reportHealth(health: HealthFrame): void {
    this.put('health', { health });
  }

  async peek(): Promise<readonly AgentFrame[]> {
    this.peeked = [...this.pending];
    return this.peeked.map(([, frame]) => frame);
  }

  async advance(count: number): Promise<void> {
    for (const [kind, frame] of this.peeked.splice(0, count)) {
      if (this.pending.get(kind) === frame) this.pending.delete(kind);
    }
  }

  onReady(listener: () => void): void {
    this.tell = listener;
  }

  private put(kind: string, frame: AgentFrame): void {
    this.pending.set(kind, frame);
    this.tell();
  }
}
