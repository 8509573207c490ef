import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { Fault } from '../fault.js';
import type { Logger } from '../log.js';
import { withoutValue } from './variable-errors.js';

/** Codes of the GraphQL layer itself that are the client's fault and say nothing about our inside. */
const DOCUMENT_CODES = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

/**
 * What a client is told of an error, on every transport alike: a fault's code, sentence and data; for anything else
 * `INTERNAL` and the request's id, while the whole error goes to the log.
 */
export function toClientError(
  error: unknown,
  { requestId, log }: { requestId: string; log: Logger },
): GraphQLFormattedError {
  const graphqlError = error instanceof GraphQLError ? error : undefined;
  const original = graphqlError?.originalError ?? (graphqlError ? undefined : error);
  const place = {
    ...(graphqlError?.path && { path: graphqlError.path }),
    ...(graphqlError?.locations && { locations: graphqlError.locations }),
  };
  if (original instanceof Fault) {
    const level = original.code === 'UNAVAILABLE' ? 'warn' : 'info';
    log[level]({ requestId, fault: original.code, err: original.cause, path: graphqlError?.path }, original.message);
    return { message: original.message, ...place, extensions: { code: original.code, requestId, ...original.details } };
  }
  const code = graphqlError?.extensions.code;
  if (graphqlError && isDocumentError(graphqlError, original)) {
    const known = typeof code === 'string' && DOCUMENT_CODES.has(code) ? code : 'GRAPHQL_VALIDATION_FAILED';
    return { message: withoutValue(graphqlError.message), ...place, extensions: { code: known, requestId } };
  }
  log.error({ requestId, err: original ?? error, path: graphqlError?.path }, 'A request failed unexpectedly');
  return {
    message: `Something went wrong on our side. Quote the request id ${requestId}.`,
    ...place,
    extensions: { code: 'INTERNAL', requestId },
  };
}

/**
 * Errors of parsing, validation and coercion. A scalar's own error, and a path like a resolver's, come with some of
 * coercion's: graphql-js's sentence tells them from a bug.
 */
function isDocumentError(error: GraphQLError, original: unknown): boolean {
  const { code } = error.extensions;
  if (typeof code === 'string' && DOCUMENT_CODES.has(code)) return true;
  const isOfGraphql = original === undefined || original instanceof GraphQLError;
  if (error.path !== undefined) return isOfGraphql && error.message.startsWith('Argument "');
  return isOfGraphql || (original instanceof TypeError && error.message.startsWith('Variable "$'));
}
