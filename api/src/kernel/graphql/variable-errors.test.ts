import { buildSchema, graphqlSync } from 'graphql';
import { describe, expect, test } from 'vitest';
import { withoutValue } from './variable-errors.js';

const schema = buildSchema(`
  enum Client { CLI BROWSER }
  input SignIn { email: String! password: String! client: Client! days: Int tags: [String!] }
  type Query { signIn(input: SignIn!): Int }`);

/** What a client is told of these variables. */
function told(input: unknown): string[] {
  const source = 'query ($input: SignIn!) { signIn(input: $input) }';
  const { errors = [] } = graphqlSync({ schema, source, variableValues: { input } });
  return errors.map((error) => withoutValue(error.message));
}

const right = { email: 'a@example.test', password: 'canary', client: 'CLI' };

describe('says where and why without the value', () => {
  test.each([
    [
      'a field that is missing',
      { ...right, client: undefined },
      'Variable "$input" is wrong: Field "client" of required type "Client!" was not provided.',
    ],
    [
      'a field that is unknown',
      { ...right, clients: 1 },
      'Variable "$input" is wrong: Field "clients" is not defined by type "SignIn".',
    ],
    [
      'a field that is null',
      { ...right, email: null },
      'Variable "$input" is wrong at "input.email": Expected non-nullable type "String!" not to be null.',
    ],
    ['no object', 'canary', 'Variable "$input" is wrong: Expected type "SignIn" to be an object.'],
    [
      'another type',
      { ...right, password: ['canary'] },
      'Variable "$input" is wrong at "input.password": The value is not one of the type "String".',
    ],
    [
      'a word that is not in the enum',
      { ...right, client: 'canary' },
      'Variable "$input" is wrong at "input.client": The value is not one of the type "Client".',
    ],
    [
      'a number out of range',
      { ...right, days: 1e12 },
      'Variable "$input" is wrong at "input.days": The value is not one of the type "Int".',
    ],
    [
      'an item of a list',
      { ...right, tags: ['ok', 7] },
      'Variable "$input" is wrong at "input.tags[1]": The value is not one of the type "String".',
    ],
  ])('%s', (_what, input, message) => {
    expect(told(input)).toEqual([message]);
  });
});

test.each([
  'canary at "input.email"; canary',
  '; Field "canary',
  'canary; Expected type "canary" to be an object.',
  'canary" at "input.x"; String cannot represent canary',
])('the value %j does not get through, wherever it is printed', (canary) => {
  for (const input of [
    { ...right, password: canary, client: undefined },
    { ...right, password: [canary] },
    { ...right, client: canary },
    canary,
  ]) {
    expect(told(input).join()).not.toContain('canary');
  }
});

test('other messages stay as they are', () => {
  expect(withoutValue('Cannot query field "x" on type "Query".')).toBe('Cannot query field "x" on type "Query".');
});
