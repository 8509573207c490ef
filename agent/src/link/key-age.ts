import type { Identity } from './identity.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** How far the age at which a key is due lies from the one asked for, at most: agents of one day do not all come at once. */
const JITTER = 0.1;

/** Whether a key is to be replaced. Its own id decides on the jitter, so that the answer outlives the process. */
export function isKeyDue(
  { signingKey, keySince }: Pick<Identity, 'keySince'> & { signingKey: { keyId: string } },
  intervalDays: number,
  now: Date,
): boolean {
  const share = Number.parseInt(signingKey.keyId.slice(0, 8), 16) / 0xffff_ffff;
  const dueAtAgeMs = intervalDays * DAY_MS * (1 - JITTER + 2 * JITTER * share);
  return now.getTime() - Date.parse(keySince) >= dueAtAgeMs;
}
