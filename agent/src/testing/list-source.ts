import type { AgentFrame } from '@pilothouse/protocol';
import type { FrameSource, Lane } from '../kernel/frame-source.js';

/** A source over a list in memory, which shrinks only by `advance`. */
export class ListSource implements FrameSource {
  readonly frames: AgentFrame[] = [];
  peeks = 0;
  private tell: () => void = () => {};

  constructor(
    readonly lane: Lane,
    frames: readonly AgentFrame[] = [],
  ) {
    this.frames.push(...frames);
  }

  add(...frames: AgentFrame[]): void {
    this.frames.push(...frames);
    this.tell();
  }

  async peek(maxBytes: number): Promise<readonly AgentFrame[]> {
    this.peeks += 1;
    let size = 0;
    const end = this.frames.findIndex((frame) => (size += JSON.stringify(frame).length) > maxBytes);
    return end === -1 ? [...this.frames] : this.frames.slice(0, Math.max(end, 1));
  }

  async advance(count: number): Promise<void> {
    this.frames.splice(0, count);
  }

  onReady(listener: () => void): void {
    this.tell = listener;
  }
}

/** A frame that names itself, and says nothing else of interest. */
export function receivedFrame(number: number): AgentFrame {
  return { received: { commandId: `01890000-0000-7000-8000-${String(number).padStart(12, '0')}` } };
}

export function outputFrame(seq: number, bytes = 10): AgentFrame {
  const commandId = '01890000-0000-7000-8000-000000000000';
  const data = Buffer.alloc(bytes, 'x').toString('base64');
  return { output: { commandId, seq, stream: 'STDOUT', offset: (seq - 1) * bytes, data } };
}

export function telemetryFrame(): AgentFrame {
  return { telemetry: { samples: [], parts: [] } };
}
