import { API_LIMITS } from '@pilothouse/protocol';
import { QUERY_LIMITS } from '@pilothouse/db/timeseries';

const DAY_MS = 86_400_000;

/** Bounds of one question about metrics. */
export const METRICS_LIMITS = {
  /** Servers of a list or subscription. */
  maxServers: API_LIMITS.maxPageSize,
  maxComparedServers: QUERY_LIMITS.servers,
  defaultPoints: 500,
  maxPoints: QUERY_LIMITS.points,
  /** Ten years, leap days included. */
  maxRangeMs: 3653 * DAY_MS,
  /** Points of all series of one answer: about 3 MB of JSON. */
  maxPointsOfAnswer: 200_000,
} as const;
