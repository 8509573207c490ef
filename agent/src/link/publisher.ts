import { OUTPUT_LIMITS, type AgentFrame } from '@pilothouse/protocol';
import { LANES, type FrameSource, type Lane } from '../kernel/frame-source.js';
import { describeError, type Log } from '../kernel/log.js';
import { PublishError, type PublishReceipt } from './answer.js';

const KIB = 1024;

/** Bytes asked of each lane for one mutation; base64 and all, they stay below the size of a message. */
const LANE_BYTES: Readonly<Record<Lane, number>> = {
  control: 256 * KIB,
  telemetry: 192 * KIB,
  stream: OUTPUT_LIMITS.maxUnacknowledgedBytes,
};

/** The part of a connection that the publisher needs. */
export interface PublishTarget {
  publish(frames: readonly AgentFrame[]): Promise<PublishReceipt>;
  cut(cause: string): void;
}

interface Share {
  source: FrameSource;
  frames: readonly AgentFrame[];
}

/**
 * Empties the sources through the connection there is: control before telemetry before stream, one mutation under way.
 *
 * It keeps nothing itself. What a cut left unconfirmed is peeked again on the next connection.
 */
export class Publisher {
  private readonly sources: readonly FrameSource[];
  private target: PublishTarget | null = null;
  private isBusy = false;
  private hasNews = false;
  /** Frames per mutation; one while looking for the frame that the control plane cannot read. */
  private batchSize: number;
  private waitingForIdle: (() => void)[] = [];

  constructor(
    sources: readonly FrameSource[],
    private readonly maxFrames: number,
    private readonly log: Log,
  ) {
    this.sources = LANES.flatMap((lane) => sources.filter((source) => source.lane === lane));
    this.batchSize = maxFrames;
    for (const source of this.sources) source.onReady(() => this.wake());
  }

  /** Publishes over this connection from now on; null while there is none. */
  use(target: PublishTarget | null): void {
    this.target = target;
    this.wake();
  }

  /** Resolves when the sources have nothing left, or there is no connection to give it to. */
  async idle(): Promise<void> {
    if (!this.isBusy) return;
    await new Promise<void>((resolve) => this.waitingForIdle.push(resolve));
  }

  private wake(): void {
    this.hasNews = true;
    if (!this.isBusy && this.target) void this.drain();
  }

  private async drain(): Promise<void> {
    this.isBusy = true;
    while (this.target && this.hasNews) {
      this.hasNews = false;
      const target = this.target;
      try {
        if (await this.publishOnce(target)) this.hasNews = true;
      } catch (error) {
        this.giveUp(target, error);
      }
    }
    this.isBusy = false;
    for (const resolve of this.waitingForIdle.splice(0)) resolve();
  }

  /** Whether anything was published, and so more may be there. */
  private async publishOnce(target: PublishTarget): Promise<boolean> {
    const shares = await this.gather();
    const frames = shares.flatMap((share) => share.frames);
    if (frames.length === 0) return false;
    const refused = await this.deliver(target, frames);
    if (!refused) return true;
    for (const { index, code, message } of refused) {
      this.log.error('The control plane refused a frame', { kind: kindOf(frames[index]), code, reason: message });
    }
    return this.advance(shares, new Set(refused.map(({ index }) => frames[index])));
  }

  /** A source that cannot note what was sent would give it again at once; it waits for its next news instead. */
  private async advance(shares: readonly Share[], refused: ReadonlySet<AgentFrame | undefined>): Promise<boolean> {
    let allNoted = true;
    for (const { source, frames } of shares) {
      const lost = frames.filter((frame) => refused.has(frame));
      await source.advance(frames.length, lost).catch((error: unknown) => {
        allNoted = false;
        this.log.error('What was published could not be noted', { lane: source.lane, reason: describeError(error) });
      });
    }
    return allNoted;
  }

  /** The refused frames of a delivery; null when it has to be tried again in smaller pieces. */
  private async deliver(
    target: PublishTarget,
    frames: readonly AgentFrame[],
  ): Promise<PublishReceipt['refused'] | null> {
    try {
      const { refused } = await target.publish(frames);
      this.batchSize = Math.min(this.maxFrames, this.batchSize * 2);
      return refused;
    } catch (error) {
      if (!(error instanceof PublishError) || error.code !== 'BAD_USER_INPUT') throw error;
      // One frame that cannot be read would otherwise be sent for ever and hold back all behind it.
      this.batchSize = 1;
      return frames.length > 1 ? null : [{ index: 0, code: error.code, message: error.message }];
    }
  }

  private async gather(): Promise<Share[]> {
    const shares: Share[] = [];
    const leftBytes = { ...LANE_BYTES };
    let left = this.batchSize;
    for (const source of this.sources) {
      if (left === 0) break;
      if (leftBytes[source.lane] <= 0) continue;
      const frames = (await this.peek(source, leftBytes[source.lane])).slice(0, left);
      if (frames.length === 0) continue;
      left -= frames.length;
      leftBytes[source.lane] -= frames.reduce((sum, frame) => sum + sizeOf(frame), 0);
      shares.push({ source, frames });
    }
    return shares;
  }

  /** One source that cannot be read must not keep the others from being heard. */
  private async peek(source: FrameSource, maxBytes: number): Promise<readonly AgentFrame[]> {
    return source.peek(maxBytes).catch((error: unknown) => {
      this.log.error('What is to be published could not be read', { lane: source.lane, reason: describeError(error) });
      return [];
    });
  }

  private giveUp(target: PublishTarget, error: unknown): void {
    // A connection that ended meanwhile has told its own reason; cutting it again changes nothing.
    target.cut(`Publishing failed: ${describeError(error)}`);
    if (this.target === target) this.target = null;
  }
}

function sizeOf(frame: AgentFrame): number {
  return 'output' in frame ? frame.output.data.length : JSON.stringify(frame).length;
}

function kindOf(frame: AgentFrame | undefined): string {
  return Object.keys(frame ?? {})[0] ?? 'unknown';
}
