import { API_LIMITS, COMMAND_LIMITS, PERMISSION_PROFILES, type Scope } from '@pilothouse/protocol';
import { Fault } from '../../kernel/fault.js';
import { isId } from '../../kernel/ids.js';
import { nameText } from '../../kernel/input-text.js';
import { isStorable } from '../../kernel/storable-text.js';
import { CUSTOM_PROFILE, type ServerProfile } from './permission.types.js';

export const SERVER_LIMITS = {
  maxDescriptionCharacters: 1000,
  maxTags: 32,
  maxTagCharacters: 50,
  maxSearchCharacters: 200,
} as const;

/** Any control character but line feed and tab. */
const FORBIDDEN_CHARACTER = /[^\P{Cc}\n\t]/u;

/** A description as it is stored; it may have several lines. @throws BAD_USER_INPUT */
export function descriptionText(value: string): string {
  const text = value.replaceAll('\r\n', '\n').trim();
  if ([...text].length > SERVER_LIMITS.maxDescriptionCharacters) {
    throw new Fault(
      'BAD_USER_INPUT',
      `The description may have at most ${SERVER_LIMITS.maxDescriptionCharacters} characters.`,
    );
  }
  if (FORBIDDEN_CHARACTER.test(text) || !isStorable(text)) {
    throw new Fault('BAD_USER_INPUT', 'The description must not hold control characters.');
  }
  return text;
}

/** Tags as they are stored: each once. @throws BAD_USER_INPUT */
export function tagTexts(values: readonly string[]): string[] {
  const tags = [...new Set(values.map((value) => nameText(value, 'A tag', SERVER_LIMITS.maxTagCharacters)))];
  if (tags.length > SERVER_LIMITS.maxTags) {
    throw new Fault('BAD_USER_INPUT', `A server may have at most ${SERVER_LIMITS.maxTags} tags.`);
  }
  return tags;
}

/** @throws BAD_USER_INPUT */
export function concurrencyNumber(value: number): number {
  if (value >= 1 && value <= COMMAND_LIMITS.maxConcurrency) return value;
  throw new Fault('BAD_USER_INPUT', `concurrency must be from 1 to ${COMMAND_LIMITS.maxConcurrency}.`);
}

/** The scopes of a profile, or those chosen one by one; null when neither is given. @throws BAD_USER_INPUT */
export function permissionsOf(input: {
  profile?: ServerProfile | null;
  scopes?: readonly Scope[] | null;
}): { profile: ServerProfile; scopes: Scope[] } | null {
  const { profile, scopes } = input;
  if (scopes != null) {
    if (profile != null && profile !== CUSTOM_PROFILE) {
      throw new Fault('BAD_USER_INPUT', 'Give either a profile or scopes, not both.');
    }
    return { profile: CUSTOM_PROFILE, scopes: [...new Set(scopes)] };
  }
  if (profile == null) return null;
  if (profile === CUSTOM_PROFILE) throw new Fault('BAD_USER_INPUT', 'The profile CUSTOM needs scopes.');
  return { profile, scopes: [...PERMISSION_PROFILES[profile].scopes] };
}

/** Ids of a bulk change, each once and in small letters, in the order given. @throws BAD_USER_INPUT for none or too many. */
export function bulkIds(ids: readonly string[]): string[] {
  if (ids.length === 0) throw new Fault('BAD_USER_INPUT', 'Give at least one server.');
  if (ids.length > API_LIMITS.maxPageSize) {
    throw new Fault('BAD_USER_INPUT', `At most ${API_LIMITS.maxPageSize} servers can be changed at once.`);
  }
  return [...new Set(ids.map((id) => id.toLowerCase()))];
}

/** Ids that rows can have. @throws BAD_USER_INPUT for a list that is too long. */
export function possibleIds(ids: readonly string[], limit: number, what: string): string[] {
  return boundedList(ids, limit, what).filter(isId);
}

/** @throws BAD_USER_INPUT for a list that is too long, or a text that PostgreSQL cannot hold. */
export function boundedList(values: readonly string[], limit: number, what: string): readonly string[] {
  if (values.length > limit) throw new Fault('BAD_USER_INPUT', `${what} may have at most ${limit} entries.`);
  if (!isStorable(values)) throw new Fault('BAD_USER_INPUT', `${what} contains a NUL byte or half a character.`);
  return values;
}
