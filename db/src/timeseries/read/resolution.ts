import type { Family, Tier } from '../tiers.js';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** Widths of points that people can read off an axis; each that is used is a multiple of its tier's. */
const STEPS_SECONDS = [
  10,
  20,
  30,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  28 * DAY,
  56 * DAY,
  91 * DAY,
  182 * DAY,
  364 * DAY,
];

/** The finest tier that a range of this length is read from, longest last. */
const FINEST_BY_RANGE = [
  { rangeSeconds: HOUR, tierSeconds: 10 },
  { rangeSeconds: 7 * DAY, tierSeconds: MINUTE },
  { rangeSeconds: 90 * DAY, tierSeconds: HOUR },
];

export interface Resolution {
  tier: Tier;
  stepSeconds: number;
}

export interface ResolutionRequest {
  from: Date;
  to: Date;
  maxPoints: number;
  now: Date;
  /** Days each tier is kept; null: for ever. */
  keepDays: ReadonlyMap<string, number | null>;
}

/**
 * Chooses the width of a point and the tier to read: the narrowest readable step that keeps to `maxPoints`, from the
 * coarsest tier that has it. Ranges that begin before a fine tier's retention are read from one that goes back so far.
 */
export function chooseResolution(family: Family, request: ResolutionRequest): Resolution {
  const rangeSeconds = (request.to.getTime() - request.from.getTime()) / 1000;
  const tiers = [family.raw, ...family.rollups];
  const finestAllowed = FINEST_BY_RANGE.find((rule) => rangeSeconds <= rule.rangeSeconds)?.tierSeconds ?? DAY;
  const usable = tiers.filter((tier) => reaches(tier, request) && tier.widthSeconds >= finestAllowed);
  const finest = usable[0] ?? tiers.at(-1)!;
  const wanted = Math.max(rangeSeconds / request.maxPoints, finest.widthSeconds);
  const stepSeconds = STEPS_SECONDS.find((step) => step >= wanted) ?? Math.ceil(wanted / (364 * DAY)) * 364 * DAY;
  const tier = usable.findLast(({ widthSeconds }) => stepSeconds % widthSeconds === 0) ?? finest;
  return { tier, stepSeconds };
}

function reaches(tier: Tier, { from, now, keepDays }: ResolutionRequest): boolean {
  const days = keepDays.get(tier.table) ?? null;
  return days === null || from.getTime() >= now.getTime() - days * DAY * 1000;
}
