import { createHash, randomBytes, randomInt } from 'node:crypto';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CODE_ALPHABET = '23456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 256 random bits as base64url: session tokens. */
export function randomToken(prefix = ''): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** `phk_`, 30 base62 characters and a checksum of 6, so that a mistyped token is known without asking the database. */
export function randomApiToken(): string {
  const body = Array.from({ length: 30 }, () => BASE62[randomInt(62)]).join('');
  return `phk_${body}${apiTokenChecksum(body)}`;
}

export function isApiToken(text: string): boolean {
  const match = /^phk_([0-9A-Za-z]{30})([0-9A-Za-z]{6})$/.exec(text);
  return match !== null && apiTokenChecksum(match[1] ?? '') === match[2];
}

function apiTokenChecksum(body: string): string {
  let value = createHash('sha256').update(body).digest().readUIntBE(0, 6);
  let text = '';
  for (let digit = 0; digit < 6; digit += 1) {
    text = BASE62[value % 62] + text;
    value = Math.floor(value / 62);
  }
  return text;
}

/** A code for people to type, in groups of four: `XXXX-XXXX-XXXX` (58 bits). No letter is mistaken for another. */
export function randomCode(groups = 3): string {
  const group = () => Array.from({ length: 4 }, () => CODE_ALPHABET[randomInt(CODE_ALPHABET.length)]).join('');
  return Array.from({ length: groups }, group).join('-');
}

/** A code as typed, without spaces, dashes and case. */
export function normaliseCode(typed: string): string {
  return typed.replace(/[\s-]/g, '').toUpperCase();
}

/** What is stored of a token: its SHA-256. The tokens have full entropy, so nothing slower is needed. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
