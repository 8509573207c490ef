import { signResultBytes, type AgentFrame, type SigningKey, type StartedFrame } from '@pilothouse/protocol';
import type { FrameSource } from '../../../kernel/frame-source.js';
import type { DoneRecord, StartedInfo } from '../command-records.js';

/** A flood of forged envelopes grows no list; what is not said now is said at the next delivery. */
const MAX_PENDING_REFUSALS = 256;
/** How long the news of a start waits for that of an early end: most commands are said in one publish so, not in two. */
const LINGER_MS = 10;

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
  private lingering: NodeJS.Timeout | null = null;

  /** `onReported` is told when the control plane has a command's result. */
  constructor(
    private readonly identity: { agentId: string; signingKey: SigningKey },
    private readonly onReported: (commandId: string) => void,
  ) {}

  onReady(listener: () => void): void {
    this.listener = listener;
  }

  received(commandId: string): void {
    if (this.push('received', commandId, { received: { commandId } })) this.tellSoon();
  }

  started(commandId: string, { startedAt, bootId, unit }: StartedInfo): void {
    const started: StartedFrame = { commandId, startedAt, bootId, unit };
    if (this.push('started', commandId, { started })) this.tellSoon();
  }

  result({ id, statement }: DoneRecord): void {
    if (this.push('result', id, { result: { statement, signature: '' } })) this.tell();
  }

  refused(deliveryId: string, problem: string): void {
    if (this.refusals >= MAX_PENDING_REFUSALS) return;
    if (!this.push('refused', deliveryId, { refused: { commandId: deliveryId, problem } })) return;
    this.refusals += 1;
    this.tell();
  }

  async peek(maxBytes: number): Promise<readonly AgentFrame[]> {
    let room = maxBytes;
    const end = this.pending.findIndex(({ bytes }, index) => (room -= bytes) < 0 && index > 0);
    return this.pending.slice(0, end < 0 ? undefined : end).map(({ frame }) => this.signed(frame));
  }

  async advance(count: number): Promise<void> {
    for (const { key, frame, commandId } of this.pending.splice(0, count)) {
      this.keys.delete(key);
      if ('refused' in frame) this.refusals -= 1;
      if ('result' in frame) this.onReported(commandId);
    }
  }

  /** Under the key of this moment, which is the one of the connection that asks. */
  private signed(frame: AgentFrame): AgentFrame {
    if (!('result' in frame)) return frame;
    const { statement } = frame.result;
    const { agentId, signingKey } = this.identity;
    const signature = signResultBytes(signingKey, agentId, Buffer.from(statement, 'base64')).toString('base64');
    return { result: { statement, signature } };
  }

  private push(kind: string, commandId: string, frame: AgentFrame): boolean {
    const key = `${kind} ${commandId}`;
    if (this.keys.has(key)) return false;
    this.keys.add(key);
    this.pending.push({ key, frame, commandId, bytes: JSON.stringify(frame).length });
    return true;
  }

  private tell(): void {
    if (this.lingering) clearTimeout(this.lingering);
    this.lingering = null;
    this.listener();
  }

  private tellSoon(): void {
    this.lingering ??= setTimeout(() => this.tell(), LINGER_MS).unref();
  }
}
