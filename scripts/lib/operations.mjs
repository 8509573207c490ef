import { createHash } from 'node:crypto';
import { Kind, print, visit } from 'graphql';

/**
 * An operation that agents of one protocol version may run. The agent sends the hash; the api knows the document.
 *
 * @typedef {{ name: string, hash: string, document: string }} PublishedOperation
 * @typedef {Record<string, string>} Manifest SHA-256 (hex) of a document → the document
 */

/**
 * Every operation of the given documents, each with the fragments it uses, in the order of their names.
 *
 * @param {readonly import('graphql').DocumentNode[]} documents
 * @returns {PublishedOperation[]}
 * @throws where an operation has no name, or two have the same
 */
export function publishedOperations(documents) {
  const definitions = documents.flatMap((document) => document.definitions);
  const fragments = new Map();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const operations = definitions
    .filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
    .map((operation) => {
      if (operation.name === undefined) throw new Error(`An operation has no name:\n${print(operation)}`);
      const document = [operation, ...fragmentsUsedBy(operation, fragments)].map(print).join('\n\n');
      return { name: operation.name.value, hash: sha256(document), document };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const [index, { name }] of operations.entries()) {
    if (operations[index + 1]?.name === name) throw new Error(`Two operations are named ${name}.`);
  }
  return operations;
}

/**
 * What keeps a manifest from being published: a released entry that is gone or says something else, or a hash that is
 * not its document's. Empty where it may be.
 *
 * @param {Manifest} manifest
 * @param {Manifest} released what agents in the field may already use
 * @returns {string[]} sentences
 */
export function manifestProblems(manifest, released) {
  const gone = Object.entries(released)
    .filter(([hash, document]) => manifest[hash] !== document)
    .map(([, document]) => `"${firstLine(document)}" is released and may neither change nor disappear.`);
  const forged = Object.entries(manifest)
    .filter(([hash, document]) => hash !== sha256(document))
    .map(([hash]) => `${hash} is not the hash of its document.`);
  return [...gone, ...forged];
}

/**
 * @param {import('graphql').DefinitionNode} root
 * @param {Map<string, import('graphql').FragmentDefinitionNode>} all
 */
function fragmentsUsedBy(root, all) {
  /** @type {Map<string, import('graphql').FragmentDefinitionNode>} */
  const used = new Map();
  const collect = (/** @type {import('graphql').DefinitionNode} */ node) => {
    visit(node, {
      FragmentSpread({ name: { value: name } }) {
        const fragment = all.get(name);
        if (fragment === undefined) throw new Error(`There is no fragment ${name}.`);
        if (used.has(name)) return;
        used.set(name, fragment);
        collect(fragment);
      },
    });
  };
  collect(root);
  return [...used.values()];
}

/** @param {string} text */
function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

/** @param {string} text */
function firstLine(text) {
  return text.split('\n', 1)[0];
}
