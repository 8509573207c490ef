import { createHash } from 'node:crypto';
import { buildSchema, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { manifestProblems, publishedOperations } from './operations.mjs';
import { plugin } from './published-operations.plugin.mjs';

const document = parse(`
  subscription instructions($afterSeq: Int!) { instructions(afterSeq: $afterSeq) { ...Numbered } }
  mutation Publish($frames: [String!]!) { publish(frames: $frames) }
  fragment Numbered on Instruction { seq ...Timed }
  fragment Timed on Instruction { at }
  fragment Unused on Instruction { seq }
`);

describe('published operations', () => {
  test('are whole documents in the order of their names, each with just the fragments it uses', () => {
    const [publish, instructions, ...others] = publishedOperations([document]);
    expect(others).toEqual([]);
    expect(publish?.document).toBe('mutation Publish($frames: [String!]!) {\n  publish(frames: $frames)\n}');
    expect(instructions?.document.match(/fragment \w+/g)).toEqual(['fragment Numbered', 'fragment Timed']);
  });

  test('are named by the SHA-256 of their text, whatever the layout of the source', () => {
    const [publish] = publishedOperations([document]);
    const [again] = publishedOperations([parse('mutation   Publish($frames:[String!]!){publish(frames:$frames)}')]);
    expect(publish?.hash).toBe(
      createHash('sha256')
        .update(publish?.document ?? '')
        .digest('hex'),
    );
    expect(again?.hash).toBe(publish?.hash);
  });

  test('must have names, and different ones', () => {
    expect(() => publishedOperations([parse('{ a }')])).toThrow('An operation has no name');
    expect(() => publishedOperations([parse('query A { a }'), parse('query A { b }')])).toThrow('named A');
  });

  test('become constants typed by their result and variables', async () => {
    const schema = buildSchema('type Query { a: Int }');
    const code = await plugin(schema, [{ document }], {});
    expect(code).toContain(
      'export const InstructionsOperation: PublishedOperation<InstructionsSubscription, InstructionsSubscriptionVariables>',
    );
    expect(code).toContain(
      'export const PublishOperation: PublishedOperation<PublishMutation, PublishMutationVariables>',
    );
  });
});

describe('a manifest', () => {
  const manifestOf = (...sources: string[]) =>
    Object.fromEntries(publishedOperations(sources.map((source) => parse(source))).map((o) => [o.hash, o.document]));
  const released = manifestOf('query A { a }');

  test('may grow', () => {
    expect(manifestProblems(manifestOf('query A { a }', 'query B { b }'), released)).toEqual([]);
  });

  test('may not lose or change a released operation', () => {
    const sentence = '"query A {" is released and may neither change nor disappear.';
    expect(manifestProblems(manifestOf('query B { b }'), released)).toEqual([sentence]);
    expect(manifestProblems(manifestOf('query A { a b }'), released)).toEqual([sentence]);
  });

  test('may not hold a document under a hash that is not its own', () => {
    expect(manifestProblems({ abc: 'query A {\n  a\n}' }, {})).toEqual(['abc is not the hash of its document.']);
  });
});
