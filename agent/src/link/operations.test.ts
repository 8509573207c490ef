import { readFileSync } from 'node:fs';
import { OLDEST_SUPPORTED_VERSION, PROTOCOL_VERSION, sha256Hex } from '@pilothouse/protocol';
import { parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { agentSchema } from '../testing/agent-schema.js';
import { InstructionsOperation, PublishOperation } from './operations.generated.js';

const supportedVersions = Array.from(
  { length: PROTOCOL_VERSION - OLDEST_SUPPORTED_VERSION + 1 },
  (_, index) => OLDEST_SUPPORTED_VERSION + index,
);

function publishedIn(version: number): Record<string, string> {
  const manifest = new URL(`../../protocol/operations/${version}.json`, import.meta.url);
  return JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, string>;
}

describe('operations', () => {
  it.each(supportedVersions)('are those that version %i of the protocol has published', (version) => {
    const sent = [InstructionsOperation, PublishOperation].map(({ hash, document }) => [hash, document]);
    expect(Object.fromEntries(sent)).toEqual(publishedIn(version));
  });

  it.each([InstructionsOperation, PublishOperation])(
    'sends the hash of a document that the schema knows: $name',
    (operation) => {
      const { hash, document } = operation;
      expect(hash).toBe(sha256Hex(document));
      expect(validate(agentSchema, parse(document))).toEqual([]);
    },
  );
});
