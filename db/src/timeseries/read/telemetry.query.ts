import type { HostFigure, HostSampleRow, PartFigure, PartKind } from '../figures.js';

/** Runs one statement in a transaction whose workspace is set; returns its rows. */
export type TenantQuery = (sql: string, parameters: unknown[]) => Promise<Record<string, unknown>[]>;

export const QUERY_LIMITS = { servers: 50, points: 2000, top: 200, latest: 1000 } as const;

/** What was asked is outside the limits, or makes no sense; the message can be shown. */
export class TelemetryQueryError extends Error {
  override readonly name = 'TelemetryQueryError';
}

export interface HistoryRange {
  from: Date;
  /** Exclusive. */
  to: Date;
  /** At most 2,000. One more point comes where `from` does not lie on the start of one. */
  maxPoints: number;
}

export interface HistoryRequest extends HistoryRange {
  /** At most 50. Servers that the workspace does not have are left out of the answer. */
  serverIds: readonly string[];
  figures: readonly HostFigure[];
}

export interface PartHistoryRequest extends HistoryRange {
  serverId: string;
  kind: PartKind;
  figures: readonly PartFigure[];
  /** Without it, the 64 parts seen last. */
  names?: readonly string[];
}

/** Values of one figure, one for each of the answer's times; null where there was no sample. */
export interface Series<F extends string> {
  serverId: string;
  figure: F;
  avg: (number | null)[];
  max: (number | null)[];
}

export interface PartSeries extends Series<PartFigure> {
  name: string;
}

export interface History<S> {
  /** Width of a point. */
  stepSeconds: number;
  /** Width of the samples or roll-up that the points were made from. */
  tierSeconds: number;
  /** Starts of the points, `stepSeconds` apart. */
  times: Date[];
  series: S[];
}

export type LatestSample = { serverId: string } & Omit<HostSampleRow, 'time'> & { time: Date };

export interface TopServer {
  serverId: string;
  time: Date;
  value: number;
}
