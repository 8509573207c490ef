import { API_LIMITS } from '@pilothouse/protocol';
import {
  getOperationAST,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type ParseOptions,
  type ValidationRule,
} from 'graphql';
import { getComplexity } from 'graphql-query-complexity';
import { Fault } from '../kernel/fault.js';
import { estimators } from './cost-estimators.js';
import { documentLimits } from './document-limits.rule.js';
import { repeatedFields } from './repeated-fields.rule.js';

export const PARSE_OPTIONS: ParseOptions = { maxTokens: API_LIMITS.maxTokens, noLocation: false };

/** A document with more errors than this is not read to its end. */
export const MAX_VALIDATION_ERRORS = 10;

/**
 * Rules beyond GraphQL's own that every document must keep, whatever transport it came by.
 * @param introspection whether clients may ask for the schema; it is published in the repository anyway.
 */
export function documentRules({ introspection }: { introspection: boolean }): ValidationRule[] {
  return [
    repeatedFields(MAX_VALIDATION_ERRORS),
    documentLimits,
    ...(introspection ? [] : [NoSchemaIntrospectionCustomRule]),
  ];
}

/** Refuses a document that is too long before a single token is read. @throws BAD_USER_INPUT */
export function checkSource(source: string): void {
  if (Buffer.byteLength(source) > API_LIMITS.maxDocumentBytes) {
    throw new Fault('BAD_USER_INPUT', `A document may have at most ${API_LIMITS.maxDocumentBytes} bytes.`);
  }
}

export interface CostedOperation {
  schema: GraphQLSchema;
  document: DocumentNode;
  variables: Record<string, unknown> | null | undefined;
  operationName: string | null | undefined;
}

/** Refuses an operation that would touch too many objects. @throws BAD_USER_INPUT, or what is wrong with a variable. */
export function checkCost({ schema, document, variables, operationName }: CostedOperation): void {
  const operation = getOperationAST(document, operationName);
  // Which operation is meant is not known: it is answered as that, and nothing is executed.
  if (!operation) return;
  const name = operation.name?.value;
  const cost = withCodeOf('BAD_USER_INPUT', () =>
    getComplexity({
      schema,
      query: document,
      variables: variables ?? {},
      ...(name !== undefined && { operationName: name }),
      estimators,
    }),
  );
  if (cost > API_LIMITS.maxComplexity) {
    throw new Fault(
      'BAD_USER_INPUT',
      `The operation costs ${cost}; at most ${API_LIMITS.maxComplexity} are allowed. Ask for less at once.`,
      {
        details: { cost, limit: API_LIMITS.maxComplexity },
      },
    );
  }
}

/** Parse and validate, as the socket transport needs it; Apollo does the same with the same rules on HTTP. */
export function readDocument(
  schema: GraphQLSchema,
  source: string,
  rules: readonly ValidationRule[],
): DocumentNode | readonly GraphQLError[] {
  checkSource(source);
  const document = withCodeOf('GRAPHQL_PARSE_FAILED', () => parse(source, PARSE_OPTIONS));
  const errors = validate(schema, document, [...specifiedRules, ...rules], { maxErrors: MAX_VALIDATION_ERRORS });
  return errors.length > 0 ? errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')) : document;
}

/** Does `work`; what GraphQL finds wrong in it gets a code. */
function withCodeOf<T>(code: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof GraphQLError ? withCode(error, code) : error;
  }
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  const { nodes, source, positions } = error;
  return new GraphQLError(error.message, { nodes, source, positions, extensions: { code } });
}
