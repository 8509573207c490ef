import { RATE_LIMITS, RateLimits, type RateLimit } from '../kernel/rate-limits.js';

type Limit = { points: number; seconds: number };

/** Limits that no test runs into, but for those it sets itself. */
export function generousRateLimits(limits: Partial<Record<RateLimit, Limit>> = {}): RateLimits {
  const generous = Object.keys(RATE_LIMITS).map((name) => [name, { points: 1_000_000, seconds: 1 }]);
  return new RateLimits({ ...(Object.fromEntries(generous) as Record<RateLimit, Limit>), ...limits });
}
