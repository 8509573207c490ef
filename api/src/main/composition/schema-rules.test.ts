import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { breachesOf } from './testing/schema-rules.js';

test('the schema keeps every rule that docs/api.md states', () => {
  const schema = readFileSync(join(import.meta.dirname, '../../../schema.graphql'), 'utf8');
  expect(breachesOf(buildSchema(schema))).toEqual([]);
});

/** A schema that keeps every rule, but for what is put in place of one of its parts. */
function schemaWith(part: RegExp | string, broken: string) {
  const whole = `
    "d" scalar DateTime  "d" scalar SafeInt
    "d" interface Refusal { "d" code: String! }
    "d" type Gone implements Refusal { "d" code: String! }
    "d" enum State { "d" ON }
    "d" type Thing { "d" id: ID! "d" ownerId: ID! "d" madeAt: DateTime! "d" timeoutMs: Int! "d" names: [String!]! }
    "d" type ThingConnection { "d" nodes: [Thing!]! }
    "d" type Change { "d" seq: SafeInt! }
    "d" input ThingFilterInput { "d" search: String }
    "d" input CreateThingInput { "d" idempotencyKey: String! "d" groupId: ID "d" size: Int! = 1 }
    "d" union CreateThingResult = Thing | Gone
    "d" type Query { "d" thing("d" id: ID!): Thing!
      "d" things("d" first: Int! = 50 "d" after: String "d" filter: ThingFilterInput): ThingConnection! }
    "d" type Mutation { "d" createThing("d" input: CreateThingInput!): CreateThingResult! }
    "d" type Subscription { "d" thingChanged: Change! }
    "d" schema { query: Query mutation: Mutation subscription: Subscription }`;
  const changed = whole.replace(part, broken);
  if (part !== '' && changed === whole) throw new Error('Nothing was broken');
  return breachesOf(buildSchema(changed));
}

describe('the check', () => {
  test('lets pass what keeps the rules', () => {
    expect(schemaWith('', '')).toEqual([]);
  });

  test.each([
    ['"d" type Thing ', 'type Thing ', 'Thing has no description'],
    ['"d" names', 'names', 'Thing.names has no description'],
    ['thing("d" id', 'thing(id', 'Query.thing(id) has no description'],
    ['{ "d" ON }', '{ ON }', 'State.ON has no description'],
    ['{ "d" ON }', '{ "d" on }', 'State.on is not in capitals'],
    ['ownerId: ID!', 'owner: ID!', 'Thing.owner is an ID and does not say of what'],
    ['ownerId: ID!', 'ownerId: String!', 'Thing.ownerId is called an id and is none'],
    ['madeAt: DateTime!', 'made: DateTime!', 'Thing.made is not called as times are'],
    ['madeAt: DateTime!', 'madeAt: String!', 'Thing.madeAt is not called as times are'],
    ['timeoutMs', 'timeout', 'Thing.timeout does not say its unit'],
    ['[String!]!', '[String]!', 'Thing.names is a list with gaps'],
    ['groupId: ID', 'id: ID', 'CreateThingInput.id does not say of what it is an id'],
    ['size: Int! = 1', 'size: Int = 1', 'CreateThingInput.size has a default and can be null'],
    ['idempotencyKey: String!', 'idempotencyKey: String', 'CreateThingInput.idempotencyKey can be left out'],
    ['idempotencyKey: String!', 'key: String!', 'Mutation.createThing takes no idempotencyKey'],
    ['filter: ThingFilterInput', 'search: String', 'Query.things(search) belongs into its filter'],
    ['first: Int! = 50', 'orderBy: State', 'Query.things is not paged by first and after'],
    ['input: CreateThingInput!', 'groupId: ID!', 'Mutation.createThing does not take one input: CreateThingInput!'],
    [
      'input: CreateThingInput!): CreateThingResult!',
      'input: CreateThingInput!): Thing!',
      'Mutation.createThing does not give CreateThingResult!',
    ],
    ['= Thing | Gone', '= Gone', 'CreateThingResult does not hold one thing beside its refusals'],
    ['= Thing | Gone', '= Thing | Change', 'CreateThingResult does not hold one thing beside its refusals'],
    ['seq: SafeInt!', 'seq: SafeInt', 'Subscription.thingChanged has events without seq'],
  ])('with %s as %s: %s', (part, broken, breach) => {
    expect(schemaWith(part, broken)).toContain(breach);
  });
});
