import { expect, it } from 'vitest';
import { durationText, relativeTime } from './times.js';

const now = new Date('2026-06-01T12:00:00Z');

it.each([
  ['2026-06-01T11:59:59.500Z', 'just now'],
  ['2026-06-01T11:59:01Z', '59 s ago'],
  ['2026-06-01T11:59:00Z', '1 min ago'],
  ['2026-06-01T11:00:01Z', '59 min ago'],
  ['2026-06-01T11:00:00Z', '1 h ago'],
  ['2026-05-31T12:00:00Z', '1 day ago'],
  ['2026-05-29T12:00:00Z', '3 days ago'],
  ['2026-01-01T12:00:00Z', '4 months ago'],
  ['2026-06-02T13:00:00Z', 'in 1 day'],
  ['2026-06-02T11:59:59Z', 'in 24 h'],
  ['2026-07-01T11:59:58Z', 'in 30 days'],
])('says of %s that it is %s', (at, text) => expect(relativeTime(at, now)).toBe(text));

it.each([
  [5, '5 ms'],
  [999, '999 ms'],
  [1000, '1.0 s'],
  [59_900, '59.9 s'],
  [59_990, '1 min'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
  [90_000_000, '1 day 1 h'],
])('writes %i ms as %s', (ms, text) => expect(durationText(ms)).toBe(text));
