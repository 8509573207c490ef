import { readFileSync } from 'node:fs';
import { sha256Hex } from '@pilothouse/protocol';
import { parse, print, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { agentSchema } from '../testing/agent-schema.js';
import { INSTRUCTIONS, OPERATION_DOCUMENTS, PUBLISH } from './operations.js';

const published = (name: string) =>
  print(parse(readFileSync(new URL(`../../protocol/operations/${name}.graphql`, import.meta.url), 'utf8')));

describe('operations', () => {
  it.each([
    ['publish', PUBLISH],
    ['instructions', INSTRUCTIONS],
  ])('sends the hash of the published document %s', (file, { name, hash }) => {
    expect(OPERATION_DOCUMENTS[name]).toBe(published(file));
    expect(hash).toBe(sha256Hex(published(file)));
    expect(validate(agentSchema, parse(published(file)))).toEqual([]);
  });
});
