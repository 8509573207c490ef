import { expect, it } from 'vitest';
import { isStorable } from './storable-text.js';

it.each(['', 'plain', 'ü', '👍', '\u0001', '\uFFFD', null, undefined, 5, true, [], {}, { a: ['b', { c: 'd' }] }])(
  'takes what PostgreSQL can store: %j',
  (value) => {
    expect(isStorable(value)).toBe(true);
  },
);

it.each(['a\0b', '\ud83d', 'x\udc4dy', ['a', ['\0']], { a: { b: '\ud800' } }, { 'na\0me': 1 }, { '\udfff': null }])(
  'finds what it cannot, wherever it stands: %j',
  (value) => {
    expect(isStorable(value)).toBe(false);
  },
);
