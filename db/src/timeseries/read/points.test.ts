import { expect, test } from 'vitest';
import { fillSeries, pointStarts } from './points.js';

const seconds = (time: string): number => Date.parse(time) / 1000;

test('begins at the start of the point that holds the first moment and ends before the last', () => {
  const starts = pointStarts(new Date('2026-11-21T10:07:00Z'), new Date('2026-11-21T10:30:00Z'), 600);
  expect(starts).toEqual(['10:00', '10:10', '10:20'].map((time) => seconds(`2026-11-21T${time}:00Z`)));
});

test('a point of a week starts on a Monday', () => {
  const [start] = pointStarts(new Date('2026-11-21T00:00:00Z'), new Date('2026-11-22T00:00:00Z'), 7 * 86_400);
  expect(new Date(start! * 1000).toISOString()).toBe('2026-11-16T00:00:00.000Z');
});

test('lays rows on their points in any order and leaves null elsewhere', () => {
  const rows = [
    { point: 30, a_avg: 3, a_max: 4 },
    { point: 10, a_avg: 1, a_max: null },
  ];
  expect(fillSeries([10, 20, 30], rows, 'a')).toEqual({ avg: [1, null, 3], max: [null, null, 4] });
  expect(fillSeries([10], [{ point: 10, a_avg: 1, a_max: 2 }], 'a')).toEqual({ avg: [1], max: [2] });
});
