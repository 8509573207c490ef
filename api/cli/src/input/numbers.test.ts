import { expect, it } from 'vitest';
import { wholeNumber } from './numbers.js';

const read = wholeNumber('--batch', { min: 1, max: 1000 });

it.each([
  ['1', 1],
  ['1000', 1000],
])('reads %s at the edge of the range', (text, value) => expect(read(text)).toBe(value));

it.each(['0', '1001', '1.5', '1e3', '', '-1', ' 1'])('refuses %j', (text) => {
  expect(() => read(text)).toThrow(`--batch is a whole number from 1 to 1000, not ${text}.`);
});
