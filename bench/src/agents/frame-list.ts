import type { FrameSource, Lane } from '@pilothouse/agent';
import type { AgentFrame } from '@pilothouse/protocol';

/** What a simulated agent has not delivered yet: the newest frames, in memory. */
export class FrameList implements FrameSource {
  /** Frames that the control plane has committed. */
  delivered = 0;
  dropped = 0;
  private frames: AgentFrame[] = [];
  private offered = 0;
  private tell: () => void = () => undefined;

  constructor(
    readonly lane: Lane,
    private readonly capacity: number,
  ) {}

  get length(): number {
    return this.frames.length;
  }

  add(...frames: AgentFrame[]): void {
    this.frames.push(...frames);
    const tooMany = Math.max(0, this.frames.length - this.capacity);
    this.frames.splice(0, tooMany);
    this.offered = Math.max(0, this.offered - tooMany);
    this.dropped += tooMany;
    this.tell();
  }

  async peek(maxBytes: number): Promise<readonly AgentFrame[]> {
    let bytes = 0;
    const end = this.frames.findIndex((frame) => (bytes += JSON.stringify(frame).length) > maxBytes);
    const offer = end === -1 ? [...this.frames] : this.frames.slice(0, Math.max(end, 1));
    this.offered = offer.length;
    return offer;
  }

  async advance(count: number): Promise<void> {
    const kept = Math.min(count, this.offered);
    this.frames.splice(0, kept);
    this.offered -= kept;
    this.delivered += count;
  }

  onReady(listener: () => void): void {
    this.tell = listener;
  }
}
