import { expect, test } from 'vitest';
import { hashToken, isApiToken, normaliseCode, randomApiToken, randomCode, randomToken } from './random-token.js';

const many = <T>(make: () => T) => Array.from({ length: 2000 }, make);

test('tokens are 256 random bits, and none comes twice', () => {
  const tokens = many(() => randomToken());
  expect(new Set(tokens).size).toBe(tokens.length);
  for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  expect(randomToken('ph_')).toMatch(/^ph_[\w-]{43}$/);
});

test('API tokens carry a checksum that any mistyped character breaks', () => {
  for (const token of many(randomApiToken).slice(0, 200)) {
    expect(token).toMatch(/^phk_[0-9A-Za-z]{36}$/);
    expect(isApiToken(token)).toBe(true);
  }
  const token = randomApiToken();
  for (let i = 0; i < token.length; i += 1) {
    const other = token[i] === 'a' ? 'b' : 'a';
    expect(isApiToken(token.slice(0, i) + other + token.slice(i + 1)), `character ${i}`).toBe(false);
  }
});

test.each([
  '',
  'phk_',
  `phk_${'a'.repeat(36)}`,
  `phk_${'a'.repeat(37)}`,
  `${randomApiToken()} `,
  ` ${randomApiToken()}`,
  `${randomApiToken()}\n`,
])('%j is no API token', (text) => expect(isApiToken(text)).toBe(false));

test('codes have no characters that are mistaken for another, and are read as people type them', () => {
  for (const code of many(randomCode).slice(0, 200)) {
    expect(code).toMatch(/^[2-9A-HJKMNP-TV-Z]{4}(-[2-9A-HJKMNP-TV-Z]{4}){2}$/);
    expect(code).not.toMatch(/[01OILU]/);
    const typed = ` ${code.toLowerCase().replaceAll('-', ' ')}\t`;
    expect(normaliseCode(typed)).toBe(normaliseCode(code));
  }
  expect(new Set(many(randomCode)).size).toBe(2000);
});

test('what is stored of a token is its SHA-256', () => {
  expect(hashToken('abc').toString('hex')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
