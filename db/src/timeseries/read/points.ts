import { BUCKET_ORIGIN } from '../tiers.js';

const ORIGIN_SECONDS = Date.parse(BUCKET_ORIGIN) / 1000;

/** Starts of the points of a range, in seconds since 1970, counted from the same origin as the database's buckets. */
export function pointStarts(from: Date, to: Date, stepSeconds: number): number[] {
  const offset = Math.floor((from.getTime() / 1000 - ORIGIN_SECONDS) / stepSeconds) * stepSeconds;
  const first = ORIGIN_SECONDS + offset;
  const count = Math.ceil((to.getTime() / 1000 - first) / stepSeconds);
  return Array.from({ length: count }, (_, index) => first + index * stepSeconds);
}

export interface FilledSeries {
  avg: (number | null)[];
  max: (number | null)[];
}

/** Lays the rows of one series on the points; where there is no row, or no value in it, there is null. */
export function fillSeries(
  starts: readonly number[],
  rows: readonly Record<string, unknown>[],
  figure: string,
): FilledSeries {
  const avg = new Array<number | null>(starts.length).fill(null);
  const max = new Array<number | null>(starts.length).fill(null);
  const step = (starts[1] ?? 0) - (starts[0] ?? 0) || 1;
  for (const row of rows) {
    const index = ((row['point'] as number) - starts[0]!) / step;
    avg[index] = row[`${figure}_avg`] as number | null;
    max[index] = row[`${figure}_max`] as number | null;
  }
  return { avg, max };
}
