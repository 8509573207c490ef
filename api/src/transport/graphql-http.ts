import { randomUUID } from 'node:crypto';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { expressMiddleware } from '@as-integrations/express5';
import { SESSION_LIMITS } from '@pilothouse/protocol';
import { GraphQLError, type GraphQLSchema, type ValidationRule } from 'graphql';
import type { Request, RequestHandler, Response } from 'express';
import type { Authenticator, Presented } from '../kernel/authenticator.js';
import { Fault, type FaultCode } from '../kernel/fault.js';
import { toClientError } from '../kernel/graphql/client-errors.js';
import type { Logger } from '../kernel/log.js';
import type { RateLimits } from '../kernel/rate-limits.js';
import type { RequestContext } from '../kernel/request-context.js';
import { presentedBy, sessionCookie } from './credentials.js';
import { checkCost, checkSource, MAX_VALIDATION_ERRORS, PARSE_OPTIONS } from './document-rules.js';

export interface GraphqlHttpParts {
  schema: GraphQLSchema;
  rules: readonly ValidationRule[];
  authenticator: Authenticator;
  rateLimits: RateLimits;
  log: Logger;
  secureCookies: boolean;
  /** False while this replica does not know whose rights have ended. */
  isTrustworthy: () => boolean;
}

/** The user schema over HTTP POST and GET, with Apollo's CSRF prevention on. */
export async function createGraphqlHttp(
  parts: GraphqlHttpParts,
): Promise<{ handler: RequestHandler; stop(): Promise<void> }> {
  const requestIds = new WeakMap<object, string>();
  const server = new ApolloServer<RequestContext>({
    schema: parts.schema,
    validationRules: [...parts.rules],
    validationOptions: { maxErrors: MAX_VALIDATION_ERRORS },
    parseOptions: PARSE_OPTIONS,
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    plugins: [ApolloServerPluginLandingPageDisabled(), pipelinePlugin(parts, requestIds)],
    // Every error of Apollo's passes here: of a resolver, a document, a context and what is no request at all.
    formatError: (_formatted, error) =>
      toClientError(error, { requestId: requestIds.get(error as object) ?? randomUUID(), log: parts.log }),
  });
  await server.start();
  const middleware = expressMiddleware(server, {
    context: async ({ req, res }) => {
      const presented = presentedBy(req, { secure: parts.secureCookies });
      try {
        const ctx = await admit(parts, presented);
        checkSource(sourceOf(req));
        return Object.assign(ctx, { sessionCookie: sessionCookieOf(res, parts) });
      } catch (error) {
        const failure = beforeExecution(error);
        requestIds.set(failure, presented.requestId);
        throw failure;
      }
    },
  });
  return { handler: middleware as RequestHandler, stop: () => server.stop() };
}

/** Status of requests that fail before there is an operation to answer; 400 for every other fault. */
const HTTP_STATUS: Readonly<Partial<Record<FaultCode, number>>> = { RATE_LIMITED: 429, UNAVAILABLE: 503 };

/** An error that ends a request before anything is executed, with the HTTP status that says so. */
function beforeExecution(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) {
    const { message, nodes, source, positions, extensions } = error;
    return new GraphQLError(message, {
      nodes,
      source,
      positions,
      extensions: { ...extensions, http: { status: 400 } },
    });
  }
  const originalError = error instanceof Error ? error : new Error(String(error));
  const status = error instanceof Fault ? (HTTP_STATUS[error.code] ?? 400) : 500;
  return new GraphQLError(originalError.message, { originalError, extensions: { http: { status } } });
}

function sourceOf({ body, query }: Request): string {
  const source: unknown = (body as { query?: unknown } | undefined)?.query ?? query.query;
  return typeof source === 'string' ? source : '';
}

async function admit(
  { authenticator, rateLimits, isTrustworthy }: GraphqlHttpParts,
  presented: Presented,
): Promise<RequestContext> {
  if (!isTrustworthy()) throw new Fault('UNAVAILABLE', 'Rights cannot be checked at the moment. Try again shortly.');
  const ctx = await authenticator.authenticate(presented);
  await rateLimits.admitRequest(ctx);
  return ctx;
}

function sessionCookieOf(response: Response, { secureCookies: secure }: GraphqlHttpParts) {
  const set = (token: string, maxAgeSeconds: number) =>
    void response.append('Set-Cookie', sessionCookie(token, { secure, maxAgeSeconds }));
  return { set: (token: string) => set(token, SESSION_LIMITS.absoluteMs / 1000), clear: () => set('', 0) };
}

/** The limit of cost, and whose request an error belongs to. The socket transport does the same with the same functions. */
function pipelinePlugin(
  { schema }: GraphqlHttpParts,
  requestIds: WeakMap<object, string>,
): ApolloServerPlugin<RequestContext> {
  return {
    requestDidStart: async () => ({
      didResolveOperation: async ({ document, request, operationName }) => {
        try {
          checkCost({ schema, document, variables: request.variables, operationName });
        } catch (error) {
          throw beforeExecution(error);
        }
      },
      didEncounterErrors: async ({ errors, contextValue }) => {
        for (const error of errors) requestIds.set(error, contextValue.requestId);
      },
    }),
  };
}
