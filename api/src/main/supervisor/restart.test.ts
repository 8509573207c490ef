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

test('the last words of a program that logs are what its newest entries say, not their JSON', () => {
  const words = new LastWords();
  const now = Date.parse('2026-06-01T12:00:00.000Z');
  const entry = (secondsAgo: number, level: number, fields: object) =>
    Buffer.from(`${JSON.stringify({ level, time: new Date(now - secondsAgo * 1000).toISOString(), ...fields })}\n`);
  words.add(entry(600, 50, { msg: 'An old trouble' }));
  words.add(entry(2, 30, { msg: 'Listening' }));
  words.add(entry(1, 50, { msg: 'The api ends', err: { message: 'the database is gone', stack: 'at x' } }));
  words.add(Buffer.from('Segmentation fault\n'));
  expect(words.lines(now)).toEqual(['The api ends: the database is gone', 'Segmentation fault']);
});
