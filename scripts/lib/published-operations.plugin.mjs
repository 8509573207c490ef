import { parse } from 'graphql';
import { publishedOperations } from './operations.mjs';

const interfaceDeclaration = `
/** An operation the agent may run: it sends the hash. The two types are for the compiler only. */
export interface PublishedOperation<Result, Variables> {
  readonly name: string;
  readonly hash: string;
  readonly document: string;
  readonly __types?: (variables: Variables) => Result;
}
`;

/**
 * Plugin for graphql-codegen: a constant `<Name>Operation` for each operation, typed with what `typescript-operations`
 * emits into the same file.
 *
 * @type {import('@graphql-codegen/plugin-helpers').PluginFunction}
 */
export const plugin = (_schema, files) => {
  const documents = files.flatMap(({ document }) => (document ? [document] : []));
  const constants = publishedOperations(documents).map(({ name, hash, document }) => {
    const typeName = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    const resultType = `${typeName}${kindOf(document)}`;
    const value = JSON.stringify({ name, hash, document }, null, 2);
    return `\nexport const ${typeName}Operation: PublishedOperation<${resultType}, ${resultType}Variables> = ${value};\n`;
  });
  return [interfaceDeclaration, ...constants].join('');
};

/** @param {string} document */
function kindOf(document) {
  const [definition] = parse(document).definitions;
  if (definition?.kind !== 'OperationDefinition') throw new Error(`Not an operation:\n${document}`);
  return `${definition.operation.charAt(0).toUpperCase()}${definition.operation.slice(1)}`;
}
