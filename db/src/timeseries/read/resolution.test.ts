import { expect, test } from 'vitest';
import { HOST, TIERS } from '../tiers.js';
import { chooseResolution } from './resolution.js';

const now = new Date('2026-11-21T12:00:00Z');
const keepDays = new Map(TIERS.map(({ table, keepDays: days }) => [table, days]));
const HOUR = 3600;
const DAY = 86_400;

/** Tier and width of a point for a range that ends now, or some days ago. */
function choose(rangeSeconds: number, maxPoints: number, daysAgo = 0): [string, number] {
  const to = new Date(now.getTime() - daysAgo * DAY * 1000);
  const from = new Date(to.getTime() - rangeSeconds * 1000);
  const { tier, stepSeconds } = chooseResolution(HOST, { from, to, maxPoints, now, keepDays });
  return [tier.table, stepSeconds];
}

test('reads samples up to an hour, minutes up to a week, hours up to 90 days and days beyond', () => {
  expect(choose(HOUR, 2000)).toEqual(['host_sample', 10]);
  expect(choose(HOUR + 1, 2000)).toEqual(['host_1m', 60]);
  expect(choose(DAY, 2000)).toEqual(['host_1m', 60]);
  expect(choose(7 * DAY, 2000)).toEqual(['host_1m', 600]);
  expect(choose(7 * DAY + 1, 2000)).toEqual(['host_1h', HOUR]);
  expect(choose(90 * DAY, 2000)).toEqual(['host_1h', 2 * HOUR]);
  expect(choose(90 * DAY + 1, 2000)).toEqual(['host_1d', DAY]);
});

test('takes the coarsest tier that has points of that width', () => {
  expect(choose(DAY, 300)).toEqual(['host_1m', 300]);
  expect(choose(DAY, 24)).toEqual(['host_1h', HOUR]);
  expect(choose(7 * DAY, 300)).toEqual(['host_1h', HOUR]);
  expect(choose(7 * DAY, 7)).toEqual(['host_1d', DAY]);
  expect(choose(HOUR, 1)).toEqual(['host_1h', HOUR]);
});

test('goes to a coarser tier where the finer one does not go back so far', () => {
  expect(choose(HOUR, 360, 6)).toEqual(['host_sample', 10]);
  expect(choose(HOUR, 360, 7)).toEqual(['host_1m', 60]);
  expect(choose(HOUR, 360, 30)).toEqual(['host_1h', HOUR]);
  expect(choose(HOUR, 360, 400)).toEqual(['host_1d', DAY]);
});

test('never gives more points than asked for, over decades too', () => {
  for (const years of [1, 10, 100]) {
    const [, stepSeconds] = choose(years * 365 * DAY, 100);
    expect((years * 365 * DAY) / stepSeconds).toBeLessThanOrEqual(100);
  }
});
