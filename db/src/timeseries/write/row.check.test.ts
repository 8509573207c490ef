import { expect, test } from 'vitest';
import { partAt, sampleAt } from '../testing/store.kit.js';
import { checkPart, checkSample } from './row.check.js';

const time = new Date('2026-11-21T10:00:00Z');
const check = (figures: object) => checkSample({ ...sampleAt(time), ...figures });

test('gives the figures in the order of their columns, rounded where the column is whole', () => {
  const row = check({ cpuPct: 99.5, memUsedMib: 10.6, psiCpuPct: null, netRxKibs: 2_147_483_646.7 });
  expect(row).toMatchObject({ seconds: time.getTime() / 1000 });
  const { values } = row as { values: number[] };
  expect(values).toHaveLength(19);
  expect(values[0]).toBe(99.5);
  expect(values[6]).toBe(11);
  expect(values[12]).toBe(2_147_483_647);
  expect(values[16]).toBeNull();
});

test('takes a percentage of 100 and refuses a hair more, and the same for every unit', () => {
  expect(check({ cpuPct: 100 })).toHaveProperty('values');
  expect(check({ cpuPct: 100.001 })).toEqual({ refused: 'OUT_OF_RANGE' });
  expect(check({ load1: 1e6 })).toHaveProperty('values');
  expect(check({ load1: 1e6 + 1 })).toEqual({ refused: 'OUT_OF_RANGE' });
  expect(check({ memUsedMib: 2 ** 31 - 1 })).toHaveProperty('values');
  expect(check({ memUsedMib: 2 ** 31 })).toEqual({ refused: 'OUT_OF_RANGE' });
  expect(check({ netTxKibs: -0.001 })).toEqual({ refused: 'OUT_OF_RANGE' });
});

test('counts what is too small to be averaged as zero', () => {
  expect((check({ cpuPct: 1e-6 }) as { values: number[] }).values[0]).toBe(1e-6);
  expect((check({ cpuPct: 0.99e-6 }) as { values: number[] }).values[0]).toBe(0);
  expect((check({ cpuPct: -0 }) as { values: number[] }).values[0]).toBe(0);
});

test.each([NaN, Infinity, -Infinity, null, undefined, '5'])('refuses %s where a figure must be', (value) => {
  expect(check({ cpuPct: value })).toEqual({ refused: 'NOT_FINITE' });
});

test('refuses a time that is none, and one before 1970 as too old', () => {
  expect(check({ time: 'yesterday' })).toEqual({ refused: 'NOT_FINITE' });
  expect(check({ time: '-200000-01-01T00:00:00Z' })).toEqual({ refused: 'TOO_OLD' });
});

test('takes a name of 128 bytes and refuses one byte more, an empty one and one with a NUL', () => {
  expect(checkPart(partAt(time, 'ü'.repeat(64)))).toHaveProperty('values');
  for (const name of [`${'ü'.repeat(64)}x`, '', 'a\0b']) {
    expect(checkPart(partAt(time, name)), name).toEqual({ refused: 'INVALID_PART' });
  }
  expect(checkPart(partAt(time, 'x', { kind: 'FAN' as never }))).toEqual({ refused: 'INVALID_PART' });
});
