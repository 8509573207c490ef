import type { HostPartRow, HostSampleRow } from '../figures.js';

/** What one agent sent in one frame, on the connection of this epoch. */
export interface TelemetryBatch {
  serverId: string;
  epoch: { generation: number; counter: number };
  samples: HostSampleRow[];
  parts: HostPartRow[];
}

/**
 * Why a single row was not taken; the rest of its batch was.
 *
 * - `IN_FUTURE`, `TOO_OLD`: more than 60 s ahead of the database's clock, or older than raw samples are kept.
 * - `NOT_FINITE`: the time or a figure is no number, or a figure is missing that must be there.
 * - `OUT_OF_RANGE`: a figure is below zero or above what its unit may be.
 * - `INVALID_PART`: an unknown kind, or a name that is empty, over 128 bytes or holds a NUL.
 * - `TOO_MANY_PARTS`: the server has 64 living parts of that kind already.
 */
export const REFUSAL_REASONS = [
  'IN_FUTURE',
  'TOO_OLD',
  'NOT_FINITE',
  'OUT_OF_RANGE',
  'INVALID_PART',
  'TOO_MANY_PARTS',
] as const;

export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export interface RowRefusal {
  /** Place in the batch's `samples` or `parts`. */
  index: number;
  kind: 'sample' | 'part';
  reason: RefusalReason;
}

export interface WriteReport {
  /** The epoch is not current: nothing was written, and the connection has been replaced. */
  fenced: boolean;
  /** Rows of the batch that are in the store now, those that were there before included. */
  written: number;
  refused: RowRefusal[];
}
