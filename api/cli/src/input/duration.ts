import { usageError } from '../kernel/cli-error.js';

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Milliseconds of `500ms`, `90s`, `10m`, `1h30m`, `7d`. A unit is required: a bare number is a frequent mistake by a
 * factor of a thousand.
 * @throws CliError
 */
export function durationMs(text: string, { min, max }: { min: string; max: string }): number {
  const ms = parse(text);
  if (ms === null) throw usageError(`${text} is not a duration. Write it as 30s, 10m or 1h30m.`);
  if (ms < (parse(min) ?? 0) || ms > (parse(max) ?? 0)) {
    throw usageError(`${text} is out of range. The shortest is ${min}, the longest ${max}.`);
  }
  return ms;
}

function parse(text: string): number | null {
  if (!/^(\d{1,9}(ms|s|m|h|d))+$/.test(text)) return null;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g))
    total += Number(count) * (UNIT_MS[unit ?? ''] ?? 0);
  return total;
}

/** A moment: an ISO time, `now`, or a duration before now such as `1h`. @throws CliError */
export function moment(text: string, now = new Date()): Date {
  if (text === 'now') return now;
  const ago = parse(text);
  if (ago !== null && ago <= 3660 * 86_400_000) return new Date(now.getTime() - ago);
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? new Date(text) : null;
  if (!at || Number.isNaN(at.getTime())) {
    throw usageError(`${text} is not a time. Write it as 1h (an hour ago), 2026-01-31 or 2026-01-31T12:00:00Z.`);
  }
  return at;
}
