import { expect, test } from 'vitest';
import { numberArray, textArray } from './binary-array.js';

const words = (buffer: Buffer): number[] =>
  Array.from({ length: buffer.length / 4 }, (_, index) => buffer.readInt32BE(index * 4));

test('writes dimensions, nulls, type, length, lower bound and each element after its size', () => {
  expect(words(numberArray('int4', [7, null, -1]))).toEqual([1, 1, 23, 3, 1, 4, 7, -1, 4, -1]);
  expect(words(numberArray('int4', [2_147_483_647]))).toEqual([1, 0, 23, 1, 1, 4, 2_147_483_647]);
});

test('writes fractions as IEEE 754', () => {
  expect(numberArray('real', [0.5]).readFloatBE(24)).toBe(0.5);
  expect(numberArray('float8', [0.1]).readDoubleBE(24)).toBe(0.1);
});

test('writes text by its bytes, with nothing to quote', () => {
  const array = textArray(['a"}{,\\', '', 'ü']);
  expect(words(array.subarray(0, 20))).toEqual([1, 0, 25, 3, 1]);
  expect(array.subarray(20).toString('latin1')).toBe('\0\0\0\x06a"}{,\\\0\0\0\0\0\0\0\x02\xc3\xbc');
});
