import { Fault } from './fault.js';

const MAX_NAME_CHARACTERS = 100;
/** RFC 5321: what fits between the angle brackets of a mail path. */
const MAX_EMAIL_CHARACTERS = 254;
const CONTROL_CHARACTER = /\p{Cc}/u;

/** A name as it is stored: trimmed, of 1 to `maxCharacters`, without control characters. @throws BAD_USER_INPUT */
export function nameText(value: string, what: string, maxCharacters = MAX_NAME_CHARACTERS): string {
  const text = value.trim();
  if (text === '') throw new Fault('BAD_USER_INPUT', `${what} must not be empty.`);
  if ([...text].length > maxCharacters) {
    throw new Fault('BAD_USER_INPUT', `${what} may have at most ${maxCharacters} characters.`);
  }
  if (CONTROL_CHARACTER.test(text)) throw new Fault('BAD_USER_INPUT', `${what} must not hold control characters.`);
  return text;
}

/** An e-mail address as it is stored and compared: trimmed, in small letters. @throws BAD_USER_INPUT */
export function emailText(value: string): string {
  const text = value.trim().toLowerCase();
  const isAddress = /^[^\s@]+@[^\s@]+$/.test(text) && !CONTROL_CHARACTER.test(text);
  if (!isAddress || text.length > MAX_EMAIL_CHARACTERS) {
    throw new Fault('BAD_USER_INPUT', 'This is not an e-mail address.');
  }
  return text;
}
