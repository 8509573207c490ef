import type { AgentFrame } from '@pilothouse/protocol';

/** The lanes of the one connection, in the order in which the link serves them. */
export const LANES = ['control', 'telemetry', 'stream'] as const;
export type Lane = (typeof LANES)[number];

/**
 * Where the link gets what it publishes. Pull, not push: a source keeps its own durable state and is asked when the
 * link has room, so that nothing queues up in memory while the control plane is away.
 */
export interface FrameSource {
  readonly lane: Lane;
  /** Up to `maxBytes` of frames to send next; does not forget them. Asked again after a reconnect, it gives the same. */
  peek(maxBytes: number): Promise<readonly AgentFrame[]>;
  /**
   * The control plane has committed, or for good refused, the first `count` frames of the last peek; `refused` are those
   * it has refused.
   */
  advance(count: number, refused: readonly AgentFrame[]): Promise<void>;
  /** Registers the one listener that is told when peek would give something. */
  onReady(listener: () => void): void;
}
