import { describe, expect, test } from 'vitest';
import { isGood, summaryLines, tally } from './tally.mjs';
import type { TestOutcome } from './tally.mjs';

const outcome = (state: TestOutcome['state'], fullName = 'works'): TestOutcome => ({
  state,
  fullName,
  file: 'a.test.ts',
});
const passed = outcome('passed');

describe('the last line', () => {
  test('sums up passed, failed and skipped', () => {
    const count = tally([passed, passed, outcome('failed'), outcome('skipped', 'page [needs chromium] > opens')]);
    expect(summaryLines(count)).toEqual([
      'SKIPPED, chromium is missing:',
      '  a.test.ts > page [needs chromium] > opens',
      '2 passed, 1 failed, 1 skipped',
    ]);
  });

  test('counts a test that did not come to its end as failed', () => {
    expect(summaryLines(tally([outcome('pending')]))).toEqual(['0 passed, 1 failed, 0 skipped']);
  });

  test('prints tests of a missing TimescaleDB as not run and leaves them out of the skipped', () => {
    const count = tally([
      passed,
      outcome('skipped', 'a [needs timescaledb]'),
      outcome('skipped', 'b [needs timescaledb]'),
    ]);
    expect(summaryLines(count)).toEqual(['NOT RUN: timescaledb (2 tests)', '1 passed, 0 failed, 0 skipped']);
    expect(isGood(count, { isCi: true })).toBe(true);
  });
});

describe('a run', () => {
  test('is good when all passed, and bad with one failure', () => {
    expect(isGood(tally([passed]), { isCi: true })).toBe(true);
    expect(isGood(tally([passed, outcome('failed')]), { isCi: false })).toBe(false);
  });

  test('may lack a named part on a developer machine, but not in CI', () => {
    const count = tally([passed, outcome('skipped', 'page [needs chromium]')]);
    expect(isGood(count, { isCi: false })).toBe(true);
    expect(isGood(count, { isCi: true })).toBe(false);
  });

  test('is bad with a skip that names no missing part', () => {
    const count = tally([passed, outcome('skipped', 'inconvenient')]);
    expect(isGood(count, { isCi: false })).toBe(false);
    expect(summaryLines(count)[0]).toBe('SKIPPED without naming a missing part:');
  });
});
