import { expect, test } from 'vitest';
import { LastWords } from './last-words.js';
import { RestartBackoff } from './restart-backoff.js';

/** Waits at their ceilings, as the random source is told to draw the highest. */
function ceilings(backoff: RestartBackoff, count: number): number[] {
  return Array.from({ length: count }, () => backoff.nextMs());
}

test('the ceiling of the wait before a restart doubles up to the cap, and begins anew after a reset', () => {
  const backoff = new RestartBackoff(5_000, (below) => below - 1);
  expect(ceilings(backoff, 7)).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  backoff.reset();
  expect(ceilings(backoff, 2)).toEqual([250, 500]);
});

test('the wait is drawn from the whole range below the ceiling', () => {
  expect(ceilings(new RestartBackoff(5_000, () => 0), 3)).toEqual([0, 0, 0]);
});

test('the last words of a program are its last five lines, without what could move a cursor', () => {
  const words = new LastWords();
  words.add(Buffer.from('one\ntwo\nthree\nfour\n\nfive\n'));
  words.add(Buffer.from('\u001b[2Jsix\u202e\r\n'));
  expect(words.lines()).toEqual(['two', 'three', 'four', 'five', ' [2Jsix']);
});

test('the last words of a program that never stops talking are bounded', () => {
  const words = new LastWords();
  for (let count = 0; count < 1_000; count++) words.add(Buffer.alloc(10_000, 'a'));
  expect(words.lines().join('').length).toBe(2_000);
});
