import { createRequire } from 'node:module';
import { OLDEST_SUPPORTED_VERSION, PROTOCOL_VERSION } from '@pilothouse/protocol';
import { parse, validate, type DocumentNode, type GraphQLSchema } from 'graphql';

/**
 * The operations agents may run: those published for the protocol versions this control plane speaks, parsed and
 * validated against today's agent schema once.
 *
 * @throws when a published operation no longer fits the schema: an agent of that version could not be served.
 */
export function loadPublishedOperations(schema: GraphQLSchema): ReadonlyMap<string, DocumentNode> {
  const read = createRequire(import.meta.url);
  const operations = new Map<string, DocumentNode>();
  for (let version = OLDEST_SUPPORTED_VERSION; version <= PROTOCOL_VERSION; version += 1) {
    const published = read(`@pilothouse/protocol/operations/${version}.json`) as Record<string, string>;
    for (const [hash, text] of Object.entries(published)) {
      const document = parse(text);
      const [problem] = validate(schema, document);
      if (problem)
        throw new Error(`An operation of agent protocol ${version} does not fit the schema: ${problem.message}`);
      operations.set(`sha256:${hash}`, document);
    }
  }
  return operations;
}
