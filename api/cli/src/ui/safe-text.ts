/** Control characters, and those that reorder or hide text: what a host says must not steer the reader's terminal. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]/gu;

/** A text for one line of a terminal, with everything in it made visible. */
export function safeLine(text: string): string {
  return text.replaceAll(UNSAFE, visible);
}

/** A text of several lines for a terminal; newlines and tabs stay. */
export function safeText(text: string): string {
  return text.replaceAll(UNSAFE, (character) =>
    character === '\n' || character === '\t' ? character : visible(character),
  );
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  if (character === '\r') return '\\r';
  return `\\u{${code.toString(16)}}`;
}
