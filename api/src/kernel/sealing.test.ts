import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { SealingKey, type SealedPlace } from './sealing.js';

/** What the cipher says to a value that is not the one that was sealed. */
const REFUSED = /unable to authenticate|Invalid/;

const key = new SealingKey(randomBytes(32));
const place: SealedPlace = {
  workspaceId: 'workspace-1',
  table: 'totp_credentials',
  column: 'sealed_secret',
  row: 'row-1',
  version: 1,
};
const plain = Buffer.from('a secret');

test('what was sealed opens in its place', () => {
  expect(key.open(key.seal(plain, place), place)).toEqual(plain);
  expect(key.open(key.seal(Buffer.alloc(0), place), place)).toEqual(Buffer.alloc(0));
});

test('the same secret never looks the same twice, and nothing of it shows', () => {
  const [a, b] = [key.seal(plain, place), key.seal(plain, place)];
  expect(a.equals(b)).toBe(false);
  expect(a.includes(plain)).toBe(false);
});

test.each([
  ['another workspace', { workspaceId: 'workspace-2' }],
  ['no workspace', { workspaceId: null }],
  ['another table', { table: 'sessions' }],
  ['another column', { column: 'other' }],
  ['another row', { row: 'row-2' }],
  ['another version', { version: 2 }],
  ['parts that only join to the same text', { table: 'totp', column: '_credentials.sealed_secret' }],
])('what was moved to %s does not open', (_where, other) => {
  const sealed = key.seal(plain, place);
  expect(() => key.open(sealed, { ...place, ...other })).toThrow(REFUSED);
});

test('another installation’s key does not open it', () => {
  expect(() => new SealingKey(randomBytes(32)).open(key.seal(plain, place), place)).toThrow(REFUSED);
});

describe('what was altered does not open', () => {
  const sealed = key.seal(plain, place);

  test('in any one bit', () => {
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const altered = Buffer.from(sealed);
      altered[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => key.open(altered, place), `bit ${bit}`).toThrow(REFUSED);
    }
  });

  test('by cutting or adding', () => {
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => key.open(sealed.subarray(0, length), place), `${length} bytes`).toThrow(REFUSED);
    }
    expect(() => key.open(Buffer.concat([sealed, Buffer.alloc(1)]), place)).toThrow(REFUSED);
  });
});

test.each([0, 16, 31, 33])('a key of %i bytes is refused', (bytes) => {
  expect(() => new SealingKey(Buffer.alloc(bytes))).toThrow('The sealing key must be 32 bytes');
});
