import { KEY_SINCE_UNKNOWN, type Identity } from './identity.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** How far the age at which a key is due lies from the one asked for, at most: agents of one day do not all come at once. */
const JITTER = 0.1;

/** Whole days; null where nobody noted since when it is in use. */
export function keyAgeDays({ keySince }: Pick<Identity, 'keySince'>, now: Date): number | null {
  return keySince === KEY_SINCE_UNKNOWN ? null : Math.floor((now.getTime() - Date.parse(keySince)) / DAY_MS);
}

/** Whether a key is to be replaced, which one of unknown age is. Its own id decides on the jitter, so that the answer outlives the process. */
export function isKeyDue(
  { signingKey, keySince }: Pick<Identity, 'keySince'> & { signingKey: { keyId: string } },
  intervalDays: number,
  now: Date,
): boolean {
  const share = Number.parseInt(signingKey.keyId.slice(0, 8), 16) / 0xffff_ffff;
  const dueAtAgeMs = intervalDays * DAY_MS * (1 - JITTER + 2 * JITTER * share);
  return now.getTime() - Date.parse(keySince) >= dueAtAgeMs;
}
