import { getIntrospectionQuery, graphqlSync } from 'graphql';
import { beforeAll, expect, test } from 'vitest';
import { describeSchemas } from '../main/composition/schemas.js';
import { checkCost, documentRules, readDocument } from './document-rules.js';

const { user: schema } = await describeSchemas();
const rules = documentRules({ introspection: true });
const times = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => make(i)).join(' ');

/** Each is near what 2,000 tokens can hold, and meant to make whoever reads it work. */
const ABUSIVE: Readonly<Record<string, string>> = {
  'open braces': '{'.repeat(1999),
  'nested lists': `{ servers(filter: ${'['.repeat(990)}`,
  'nested selections': `${'{ a '.repeat(640)}${'}'.repeat(640)}`,
  'the same field': `{ ${times(1900, () => '__typename')} }`,
  'fields that may conflict': `{ ${times(240, (i) => `a: setup { b${i}: completed }`)} }`,
  'fragments that double each other': `{ ...F0 } ${times(150, (i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`)} fragment F150 on Query { __typename }`,
  'fragments of a fan': `{ ${times(30, () => '...A')} } fragment A on Query { ${times(30, () => '...B')} } fragment B on Query { ${times(30, () => '...C')} } fragment C on Query { ${times(300, () => '__typename')} }`,
  'fragments in a long ring': `{ ...F0 } ${times(240, (i) => `fragment F${i} on Query { ...F${(i + 1) % 240} }`)}`,
  'fragments that nobody uses': `{ __typename } ${times(240, (i) => `fragment F${i} on Query { __typename }`)}`,
  'inline fragments in each other': `{ ${'... on Query { '.repeat(390)} __typename ${'} '.repeat(390)} }`,
  'unknown fields': `{ ${times(1900, (i) => `f${i}`)} }`,
  'unknown arguments': `{ setup(${times(490, (i) => `a${i}: 1`)}) { completed } }`,
  'repeated directives': `{ setup { completed ${times(240, () => '@include(if: true)')} } }`,
  operations: times(390, (i) => `query Q${i} { __typename }`),
  variables: `query (${times(390, (i) => `$v${i}: Int`)}) { __typename }`,
  'unknown names that resemble known ones': `{ ${times(490, (i) => `server${i % 10} { id }`)} }`,
  'introspection with all in it': getIntrospectionQuery(),
};

beforeAll(() => void work(getIntrospectionQuery())); // as in a process that has served requests before

/** What a document costs the event loop before anything is executed. */
function work(source: string): number {
  const startedAt = performance.now();
  try {
    const document = readDocument(schema, source, rules);
    if ('kind' in document) checkCost({ schema, document, variables: {}, operationName: undefined });
  } catch {
    // Refused: what counts is how long that took.
  }
  return performance.now() - startedAt;
}

test.each(Object.entries(ABUSIVE))('%s hold the event loop for no time that matters', (what, source) => {
  const bestMs = Math.min(...Array.from({ length: 5 }, () => work(source)));
  console.log(`${bestMs.toFixed(1).padStart(8)} ms  ${what}`);
  expect(bestMs).toBeLessThan(1000);
});

test('the standard introspection is answered, and holds the event loop for no time that matters', () => {
  const startedAt = performance.now();
  const { errors } = graphqlSync({ schema, source: getIntrospectionQuery() });
  console.log(`${(performance.now() - startedAt).toFixed(1).padStart(8)} ms  introspection, answered`);
  expect(errors).toBeUndefined();
  expect(performance.now() - startedAt).toBeLessThan(2000);
});
