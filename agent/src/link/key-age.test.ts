import { describe, expect, it } from 'vitest';
import { KEY_SINCE_UNKNOWN } from './identity.js';
import { isKeyDue, keyAgeDays } from './key-age.js';

const KEY_SINCE = '2026-01-01T00:00:00.000Z';
const daysLater = (days: number) => new Date(Date.parse(KEY_SINCE) + days * 24 * 60 * 60 * 1000);
const due = (keyId: string, days: number) =>
  isKeyDue({ signingKey: { keyId }, keySince: KEY_SINCE }, 30, daysLater(days));

describe('a key of 30 days', () => {
  it.each([
    ['a tenth earlier at the earliest', '0000000000000000', 27],
    ['a tenth later at the latest', 'ffffffff00000000', 33],
    ['in between, as its id says', '7fffffff00000000', 29.999],
  ])('is due %s', (_when, keyId, days) => {
    expect([due(keyId, days - 0.01), due(keyId, days + 0.01)]).toEqual([false, true]);
  });

  it('is due when its age is not known', () => {
    const unknown = { signingKey: { keyId: 'ffffffff00000000' }, keySince: KEY_SINCE_UNKNOWN };
    expect(isKeyDue(unknown, 365, daysLater(0))).toBe(true);
  });
});

describe('the age of a key', () => {
  it('counts whole days, and is not guessed', () => {
    expect(keyAgeDays({ keySince: KEY_SINCE }, daysLater(2.99))).toBe(2);
    expect(keyAgeDays({ keySince: KEY_SINCE_UNKNOWN }, daysLater(0))).toBeNull();
  });
});
