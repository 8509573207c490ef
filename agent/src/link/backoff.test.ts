import { LINK_LIMITS } from '@pilothouse/protocol';
import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.js';

/** Draws the highest wait each time, on a clock that a test moves. */
function highest() {
  const time = { ms: 0 };
  const backoff = new Backoff(
    LINK_LIMITS,
    () => time.ms,
    (below) => below - 1,
  );
  return { backoff, time };
}

describe('Backoff', () => {
  it('doubles its ceiling from 250 ms to 5 s while the outage is fresh', () => {
    const { backoff } = highest();
    expect(Array.from({ length: 8 }, () => backoff.next())).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
  });

  it('waits up to 20 s from two minutes of outage on, and not before', () => {
    const { backoff, time } = highest();
    for (let attempt = 0; attempt < 30; attempt++) backoff.next();
    time.ms = LINK_LIMITS.freshOutageMs - 1;
    expect(backoff.next()).toBe(5000);
    time.ms = LINK_LIMITS.freshOutageMs;
    expect(backoff.next()).toBe(20_000);
  });

  it('stays at its cap for ever', () => {
    const { backoff, time } = highest();
    time.ms = 0;
    backoff.next();
    time.ms = 10 * 365 * 86_400_000;
    for (let attempt = 0; attempt < 5000; attempt++) backoff.next();
    expect(backoff.next()).toBe(20_000);
  });

  it('starts anew once a connection has proved itself', () => {
    const { backoff, time } = highest();
    for (let attempt = 0; attempt < 10; attempt++) backoff.next();
    time.ms = LINK_LIMITS.freshOutageMs * 2;
    backoff.reset();
    expect([backoff.next(), backoff.next()]).toEqual([250, 500]);
  });

  it('draws from the whole range, so that agents do not come back in waves', () => {
    const draws = Array.from({ length: 2000 }, () => {
      const backoff = new Backoff(LINK_LIMITS);
      backoff.next();
      return backoff.next();
    });
    expect(Math.min(...draws)).toBeLessThan(50);
    expect(Math.max(...draws)).toBeGreaterThan(450);
    expect(Math.max(...draws)).toBeLessThanOrEqual(500);
  });
});
