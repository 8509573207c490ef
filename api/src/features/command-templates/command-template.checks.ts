import { Fault } from '../../kernel/fault.js';
import { nameText } from '../../kernel/input-text.js';
import { isStorable } from '../../kernel/storable-text.js';
import { TEMPLATE_LIMITS } from './command-template.limits.js';

/** Any control character but line feed and tab. */
const FORBIDDEN_CHARACTER = /[^\P{Cc}\n\t]/u;

/** A name as it is stored. @throws BAD_USER_INPUT */
export function templateName(value: string): string {
  return storable(nameText(value, 'The name'), 'The name');
}

/** A description as it is stored; it may have several lines. @throws BAD_USER_INPUT */
export function descriptionText(value: string): string {
  const text = bounded(
    value.replaceAll('\r\n', '\n').trim(),
    'The description',
    TEMPLATE_LIMITS.maxDescriptionCharacters,
  );
  if (FORBIDDEN_CHARACTER.test(text)) {
    throw new Fault('BAD_USER_INPUT', 'The description must not hold control characters.');
  }
  return text;
}

/** @throws BAD_USER_INPUT */
export function searchText(value: string): string {
  return bounded(value.trim(), 'The search text', TEMPLATE_LIMITS.maxSearchCharacters);
}

function bounded(text: string, what: string, maxCharacters: number): string {
  if ([...text].length > maxCharacters) {
    throw new Fault('BAD_USER_INPUT', `${what} may have at most ${maxCharacters} characters.`);
  }
  return storable(text, what);
}

function storable(text: string, what: string): string {
  if (!isStorable(text)) throw new Fault('BAD_USER_INPUT', `${what} contains a NUL byte or half a character.`);
  return text;
}
