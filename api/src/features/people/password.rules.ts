import { SESSION_LIMITS } from '@pilothouse/protocol';
import { Fault } from '../../kernel/fault.js';

/** A password that may be tried. @throws BAD_USER_INPUT for one so long that hashing it would be a burden. */
export function triedPassword(password: string): string {
  if (Buffer.byteLength(password) > SESSION_LIMITS.maxPasswordBytes) {
    throw new Fault('BAD_USER_INPUT', `A password may have at most ${SESSION_LIMITS.maxPasswordBytes} bytes.`);
  }
  return password;
}

/** A password that may be set. @throws BAD_USER_INPUT when it is short, too long or the e-mail address itself. */
export function newPassword(password: string, email: string): string {
  if ([...password].length < SESSION_LIMITS.minPasswordLength) {
    throw new Fault(
      'BAD_USER_INPUT',
      `The password needs at least ${SESSION_LIMITS.minPasswordLength} characters. A few words in a row are a good one.`,
    );
  }
  if (password.trim().toLowerCase() === email) {
    throw new Fault('BAD_USER_INPUT', 'The password must not be the e-mail address.');
  }
  return triedPassword(password);
}
