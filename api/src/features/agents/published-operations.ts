import { createRequire } from 'node:module';
import { OLDEST_SUPPORTED_VERSION, PROTOCOL_VERSION, type VersionRange } from '@pilothouse/protocol';
import { parse, validate, type DocumentNode, type GraphQLSchema } from 'graphql';

/** The protocol versions that agents may speak, and of each the texts of its published operations by their hash. */
export interface SpokenProtocol {
  versions: VersionRange;
  published: (version: number) => Readonly<Record<string, string>>;
}

const read = createRequire(import.meta.url);

/** What this control plane speaks: its own version and the two before it. */
export const SPOKEN_PROTOCOL: SpokenProtocol = {
  versions: { min: OLDEST_SUPPORTED_VERSION, max: PROTOCOL_VERSION },
  published: (version) => read(`@pilothouse/protocol/operations/${version}.json`) as Record<string, string>,
};

/**
 * The operations agents may run, parsed and validated against today's agent schema once.
 *
 * @throws when a published operation no longer fits the schema: an agent of that version could not be served.
 */
export function loadPublishedOperations(
  schema: GraphQLSchema,
  { versions, published }: SpokenProtocol,
): ReadonlyMap<string, DocumentNode> {
  const operations = new Map<string, DocumentNode>();
  for (let version = versions.min; version <= versions.max; version += 1) {
    for (const [hash, text] of Object.entries(published(version))) {
      const document = parse(text);
      const [problem] = validate(schema, document);
      if (problem)
        throw new Error(`An operation of agent protocol ${version} does not fit the schema: ${problem.message}`);
      operations.set(`sha256:${hash}`, document);
    }
  }
  return operations;
}
