import { describe, expect, it } from 'vitest';
import { CliError, EXIT } from '../kernel/cli-error.js';
import { durationMs, moment } from './duration.js';

describe('a duration', () => {
  const day = { min: '100ms', max: '24h' };

  it.each([
    ['100ms', 100],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['24h', 86_400_000],
    ['1d', 86_400_000],
  ])('reads %s', (text, ms) => expect(durationMs(text, day)).toBe(ms));

  it.each(['99ms', '24h1ms', '2d'])('refuses %s, which is just outside of the range', (text) => {
    expect(() => durationMs(text, day)).toThrow(`${text} is out of range. The shortest is 100ms, the longest 24h.`);
  });

  it.each(['', '10', '-1s', '1.5h', '5 m', '1w', '10000000000s'])('refuses %j, which is no duration', (text) => {
    expect(() => durationMs(text, day)).toThrow(expect.objectContaining({ exitCode: EXIT.usage }) as CliError);
  });
});

describe('a moment', () => {
  const now = new Date('2026-06-01T12:00:00Z');

  it.each([
    ['now', '2026-06-01T12:00:00.000Z'],
    ['90m', '2026-06-01T10:30:00.000Z'],
    ['2026-05-31', '2026-05-31T00:00:00.000Z'],
    ['2026-05-31T08:00:00+02:00', '2026-05-31T06:00:00.000Z'],
  ])('reads %s', (text, at) => expect(moment(text, now).toISOString()).toBe(at));

  it.each(['yesterday', '12', '2026-13-01', ''])('refuses %j', (text) => {
    expect(() => moment(text, now)).toThrow('is not a time');
  });
});
