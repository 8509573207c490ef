import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { documentRules, readDocument } from './document-rules.js';
import { MAX_REPEATED_FIELDS } from './repeated-fields.rule.js';

const schema = buildSchema('type Query { a: A! } type A { a: A! b: Int c: Int }');
const rules = documentRules({ introspection: true });

/** Null when the document is accepted, otherwise its first error. */
function problem(source: string): string | null {
  const document = readDocument(schema, source, rules);
  return 'kind' in document ? null : (document[0]?.message ?? '');
}
const times = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join(' ');
const nested = (depth: number): string => (depth === 0 ? 'b' : `a { ${nested(depth - 1)} } a { ${nested(depth - 1)} }`);

const TOO_OFTEN = /repeats fields too often/;

describe('a document', () => {
  it('may repeat a field as often as is allowed, and not once more', () => {
    const repeating = (count: number) => `{ a { ${times(count + 1, () => 'a { b }')} } }`;
    expect(problem(repeating(MAX_REPEATED_FIELDS))).toBeNull();
    expect(problem(repeating(MAX_REPEATED_FIELDS + 1))).toMatch(TOO_OFTEN);
  });

  it('may name as many different fields as it has tokens for', () => {
    expect(problem(`{ a { ${times(30, (n) => `x${n}: b`)} } }`)).toBeNull();
  });

  it.each([
    ['on every level', `{ ${nested(7)} }`],
    ['in inline fragments', `{ ${times(110, () => '... on Query { a { b } }')} }`],
    [
      'in fragments',
      `{ a { ${times(110, (n) => `...f${n}`)} } } ${times(110, (n) => `fragment f${n} on A { a { b } }`)}`,
    ],
    ['in a fragment that is not used', `{ a { b } } fragment f on A { ${times(110, () => 'a { b }')} }`],
  ])('may not repeat fields %s either', (_where, source) => expect(problem(source)).toMatch(TOO_OFTEN));

  it('that spreads a fragment in itself is refused for that', () => {
    expect(problem('{ a { ...f } } fragment f on A { b ...f }')).toMatch(/Cannot spread fragment "f"/);
  });
});
