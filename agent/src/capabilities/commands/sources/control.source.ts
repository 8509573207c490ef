import type { AgentFrame, StartedFrame } from '@pilothouse/protocol';
import type { FrameSource } from '../../../kernel/frame-source.js';
import type { DoneRecord, StartedInfo } from '../command-records.js';

/** A flood of forged envelopes grows no list; what is not said now is said at the next delivery. */
const MAX_PENDING_REFUSALS = 256;

interface Pending {
  key: string;
  frame: AgentFrame;
  bytes: number;
  commandId: string;
}

/**
 * What the agent says about commands: received, started, result, refused, in the order in which they happened. Holds
 * frames in memory only; after a restart the ledger fills it again.
 */
export class ControlSource implements FrameSource {
  readonly lane = 'control';
  private readonly pending: Pending[] = [];
  private readonly keys = new Set<string>();
  private refusals = 0;
  private listener: () => void = () => undefined;

  /** `onReported` is told when the control plane has a command's result. */
  constructor(private readonly onReported: (commandId: string) => void) {}

  onReady(listener: () => void): void {
    this.listener = listener;
  }

  received(commandId: string): void {
    this.push('received', commandId, { received: { commandId } });
  }

  started(commandId: string, { startedAt, bootId, unit }: StartedInfo): void {
    const started: StartedFrame = { commandId, startedAt, bootId, unit };
    this.push('started', commandId, { started });
  }

  result({ id, statement, signature }: DoneRecord): void {
    this.push('result', id, { result: { statement, signature } });
  }

  refused(deliveryId: string, problem: string): void {
    if (this.refusals >= MAX_PENDING_REFUSALS) return;
    if (this.push('refused', deliveryId, { refused: { commandId: deliveryId, problem } })) this.refusals += 1;
  }

  async peek(maxBytes: number): Promise<readonly AgentFrame[]> {
    let room = maxBytes;
    const end = this.pending.findIndex(({ bytes }, index) => (room -= bytes) < 0 && index > 0);
    return this.pending.slice(0, end < 0 ? undefined : end).map(({ frame }) => frame);
  }

  async advance(count: number): Promise<void> {
    for (const { key, frame, commandId } of this.pending.splice(0, count)) {
      this.keys.delete(key);
      if ('refused' in frame) this.refusals -= 1;
      if ('result' in frame) this.onReported(commandId);
    }
  }

  private push(kind: string, commandId: string, frame: AgentFrame): boolean {
    const key = `${kind} ${commandId}`;
    if (this.keys.has(key)) return false;
    this.keys.add(key);
    this.pending.push({ key, frame, commandId, bytes: JSON.stringify(frame).length });
    this.listener();
    return true;
  }
}
