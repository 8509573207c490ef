import { expect, test } from 'vitest';
import { describeSchemas } from '../main/composition/schemas.js';
import { documentRules } from './document-rules.js';
import { KnownDocuments } from './known-documents.js';

const { user: schema } = await describeSchemas();
const make = () => new KnownDocuments(schema, documentRules({ introspection: true }));
const named = (name: number) => `query Q${name} { __typename }`;

test('a document is read once', () => {
  const documents = make();
  expect(documents.read(named(1))).toBe(documents.read(named(1)));
  expect(documents.read(named(1))).not.toBe(documents.read(named(2)));
});

test('what breaks a rule is refused every time and never remembered', () => {
  const documents = make();
  for (let time = 0; time < 2; time += 1) {
    expect(documents.read('{ nothing }')).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
    expect(() => documents.read('{')).toThrow('Syntax Error');
  }
  expect(documents.size).toBe(0);
});

const ofLength = (length: number, name = 0) => named(name).padEnd(length, ' ');

test('256 KiB of them are remembered, and with one more the one that was not used for longest is forgotten', () => {
  const documents = make();
  const [first, second] = [0, 1].map((name) => documents.read(ofLength(4096, name)));
  for (let name = 2; name < 64; name += 1) documents.read(ofLength(4096, name));
  expect(documents.size).toBe(64);
  expect(documents.read(ofLength(4096, 0))).toBe(first);
  documents.read(named(64));
  expect(documents.size).toBe(64);
  expect(documents.read(ofLength(4096, 0))).toBe(first);
  expect(documents.read(ofLength(4096, 1))).not.toBe(second);
});

test('a document of 4,096 characters is remembered, a longer one is not', () => {
  const documents = make();
  documents.read(ofLength(4096));
  documents.read(ofLength(4097));
  expect(documents.size).toBe(1);
});
