import type { AgentFrame } from '@pilothouse/protocol';

/**
 * What an agent's frames cost of its share, in milliseconds; PROTOCOL.md, "An agent's share", says how far that is above
 * what an honest agent sends.
 */
export const PRICES_MS = {
  publish: 2,
  frame: 2,
  /** A sample, or a part of one. */
  row: 1,
  outputKib: 0.5,
  /** A report that the next one of the same publish makes void. */
  voidReport: 40,
  /** An honest agent sends next to none of these. */
  refusedFrame: 20,
} as const;

/** The price of frames that are well formed, whatever becomes of them. */
export function priceOf(frames: readonly AgentFrame[]): number {
  const count = (kind: 'facts' | 'health') => frames.filter((frame) => kind in frame).length;
  const voidReports = Math.max(0, count('facts') - 1) + Math.max(0, count('health') - 1);
  return frames.reduce((sum, frame) => sum + priceOfFrame(frame), voidReports * PRICES_MS.voidReport);
}

function priceOfFrame(frame: AgentFrame): number {
  if ('telemetry' in frame) {
    return PRICES_MS.frame + (frame.telemetry.samples.length + frame.telemetry.parts.length) * PRICES_MS.row;
  }
  if ('output' in frame) return PRICES_MS.frame / 2 + (frame.output.data.length / 1024) * PRICES_MS.outputKib;
  return PRICES_MS.frame;
}
