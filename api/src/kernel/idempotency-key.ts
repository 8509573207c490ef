import { v5 as uuidv5 } from 'uuid';
import { Fault } from './fault.js';
import { isStorable } from './storable-text.js';

const MAX_CHARACTERS = 100;

/** What the schema says of every `idempotencyKey`: whatever creates or runs something has one. */
export const IDEMPOTENCY_KEY = `Of your choice, 1 to ${MAX_CHARACTERS} characters. The same key from the same caller makes nothing twice`;

/** A key as it may be stored and compared. @throws BAD_USER_INPUT */
export function checkIdempotencyKey(key: string): string {
  if (key === '' || key.length > MAX_CHARACTERS || !isStorable(key)) {
    throw new Fault('BAD_USER_INPUT', `idempotencyKey must have 1 to ${MAX_CHARACTERS} characters, and no NUL byte.`);
  }
  return key;
}

/**
 * The id of what a person creates under an idempotency key: the same key gives the same id, so that the second try
 * meets the row of the first.
 *
 * @throws BAD_USER_INPUT
 */
export function idOfKey(key: string, { userId, kind }: { userId: string; kind: string }): string {
  return uuidv5(`${kind}:${checkIdempotencyKey(key)}`, userId);
}
