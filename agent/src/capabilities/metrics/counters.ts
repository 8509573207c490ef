const COUNTER_32_BITS = 2 ** 32;
const HIGH_QUARTER = COUNTER_32_BITS * 0.75;
const LOW_QUARTER = COUNTER_32_BITS * 0.25;

/**
 * How far a kernel counter moved; null when that is unknown.
 *
 * A counter that fell has either wrapped at 32 bits (some drivers, the milliseconds of /proc/diskstats) or begun anew
 * (device replaced, driver reloaded). Only a fall from the last quarter of 32 bits into the first is taken for a wrap:
 * a wrong guess the other way would show terabytes that never moved.
 */
export function counterDelta(previous: number | undefined, current: number): number | null {
  if (previous === undefined) return null;
  if (current >= previous) return current - previous;
  const wrapped = previous >= HIGH_QUARTER && previous < COUNTER_32_BITS && current < LOW_QUARTER;
  return wrapped ? current + COUNTER_32_BITS - previous : null;
}

/** A share in percent, 0 to 100, two decimals; 0 where there is no whole. */
export function percentOf(part: number, whole: number): number {
  if (!(whole > 0)) return 0;
  return round(Math.min(100, Math.max(0, (part / whole) * 100)));
}

const MAX_INT32 = 2_147_483_647;

/** KiB per second, two decimals, within what the protocol can carry. */
export function kibPerSecond(bytes: number, elapsedMs: number): number {
  if (!(elapsedMs > 0)) return 0;
  return round(Math.min(MAX_INT32, Math.max(0, bytes / 1024 / (elapsedMs / 1000))));
}

/** Whole MiB, within what the protocol can carry. */
export function mib(bytes: number): number {
  return Math.min(MAX_INT32, Math.max(0, Math.round(bytes / 2 ** 20)));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
