import { expect, it } from 'vitest';
import { counterDelta, kibPerSecond, mib, percentOf } from './counters.js';

it('takes a fall from the top of 32 bits to the bottom for a wrap', () => {
  expect(counterDelta(2 ** 32 - 10, 5)).toBe(15);
});

it('takes any other fall for a counter that began anew', () => {
  expect(counterDelta(5000, 10)).toBeNull();
  expect(counterDelta(2 ** 31, 10)).toBeNull();
  expect(counterDelta(2 ** 40, 10)).toBeNull();
  expect(counterDelta(2 ** 32 - 1, 2 ** 31)).toBeNull();
});

it('knows nothing of what it sees for the first time', () => {
  expect(counterDelta(undefined, 5)).toBeNull();
});

it('keeps shares within 0 and 100 and rates within what can be carried', () => {
  expect(percentOf(1, 3)).toBe(33.33);
  expect(percentOf(5, 4)).toBe(100);
  expect(percentOf(-1, 4)).toBe(0);
  expect(percentOf(1, 0)).toBe(0);
  expect(kibPerSecond(2048, 500)).toBe(4);
  expect(kibPerSecond(1e20, 1)).toBe(2_147_483_647);
  expect(kibPerSecond(1, 0)).toBe(0);
  expect(mib(2 ** 70)).toBe(2_147_483_647);
  expect(mib(-1)).toBe(0);
});
