import { randomUUID } from 'node:crypto';
import { API_LIMITS, CLOSE_CODES } from '@pilothouse/protocol';
import {
  execute,
  getOperationAST,
  GraphQLError,
  subscribe,
  type ExecutionArgs,
  type GraphQLSchema,
  type ValidationRule,
} from 'graphql';
import { CloseCode, makeServer, type Server } from 'graphql-ws';
import { toClientError } from '../kernel/graphql/client-errors.js';
import type { RequestContext } from '../kernel/request-context.js';
import type { SocketExtra } from '../kernel/serve-socket.js';
import { checkCost } from './document-rules.js';
import { KnownDocuments } from './known-documents.js';
import { assertTrustworthy, connect, type SocketAdmissionParts, type UserExtra } from './socket-admission.js';
import type { SocketOperations } from './socket-operations.js';

export interface GraphqlSocketParts extends SocketAdmissionParts {
  schema: GraphQLSchema;
  rules: readonly ValidationRule[];
}

type OperationParts = GraphqlSocketParts & { documents: KnownDocuments };

/** What `onSubscribe` hands to `execute` and `subscribe`, beside what these need. */
interface OperationArgs extends ExecutionArgs {
  operations: SocketOperations;
  operationId: string;
}

/** The user schema over graphql-ws: queries, mutations and subscriptions, through the same checks as over HTTP. */
export function createGraphqlSocket(socketParts: GraphqlSocketParts): Server<SocketExtra> {
  const parts = { ...socketParts, documents: new KnownDocuments(socketParts.schema, socketParts.rules) };
  const { log } = parts;
  return makeServer<Record<string, unknown>, SocketExtra>({
    schema: parts.schema,
    connectionInitWaitTimeout: API_LIMITS.connectionInitTimeoutMs,
    onConnect: (socket) => connect(parts, socket.extra, socket.connectionParams),
    onSubscribe: (socket, id, payload) => admitOperation(parts, socket.extra, { id, payload }),
    execute: async (args) => {
      const { operations, operationId } = args as OperationArgs;
      try {
        return await execute(args);
      } finally {
        operations.end(operationId);
      }
    },
    subscribe: async (args) => {
      const { operations, operationId } = args as OperationArgs;
      const events = await subscribe(args).catch((error: unknown) => {
        operations.end(operationId);
        throw error;
      });
      if (Symbol.asyncIterator in events) return operations.follow(operationId, events);
      operations.end(operationId);
      return events;
    },
    onNext: (_socket, _id, _payload, args, result) => {
      if (!result.errors) return undefined;
      const { requestId } = args.contextValue as RequestContext;
      return { ...result, errors: result.errors.map((error) => toClientError(error, { requestId, log })) as never };
    },
    onError: (socket, _id, _payload, errors) => {
      const requestId = (socket.extra as UserExtra).ctx?.requestId ?? '';
      return errors.map((error) =>
        error.extensions?.requestId ? error : toClientError(error, { requestId, log }),
      ) as never;
    },
  }) as Server<SocketExtra>;
}

interface AskedOperation {
  id: string;
  payload: { query: string; variables?: Record<string, unknown> | null; operationName?: string | null };
}

async function admitOperation(
  parts: OperationParts,
  extra: UserExtra,
  asked: AskedOperation,
): Promise<OperationArgs | readonly GraphQLError[]> {
  const { ctx, operations } = extra;
  // The socket is being closed: its connection was refused.
  if (!ctx || !operations) return [new GraphQLError('Not connected')];
  if (!operations.begin(asked.id)) {
    extra.socket.close(CloseCode.SubscriberAlreadyExists, 'An operation with this id has not ended yet');
    return [new GraphQLError('Not ended yet')];
  }
  if (operations.count > API_LIMITS.maxOperationsPerUserSocket) {
    extra.close('TOO_MANY_OPERATIONS');
    return [new GraphQLError(CLOSE_CODES.TOO_MANY_OPERATIONS.meaning)];
  }
  const requestId = randomUUID();
  const prepared = await prepare(parts, { ...ctx, requestId }, asked.payload).catch((error: unknown) => [error]);
  if (!Array.isArray(prepared)) return { ...prepared, operations, operationId: asked.id };
  operations.end(asked.id);
  return prepared.map((error: unknown) => {
    const { message, extensions = {} } = toClientError(error, { requestId, log: parts.log });
    const { nodes, source, positions } = error instanceof GraphQLError ? error : {};
    return new GraphQLError(message, { nodes, source, positions, extensions });
  });
}

async function prepare(
  parts: OperationParts,
  ctx: RequestContext,
  { query, variables, operationName }: AskedOperation['payload'],
): Promise<ExecutionArgs | GraphQLError[]> {
  const { schema, documents, rateLimits } = parts;
  assertTrustworthy(parts);
  await rateLimits.admitRequest(ctx);
  const document = documents.read(query);
  if (!('kind' in document)) return [...document];
  checkCost({ schema, document, variables, operationName });
  const args = { schema, document, variableValues: variables ?? {}, operationName: operationName ?? null };
  return getOperationAST(document, operationName) ? { ...args, contextValue: ctx } : [unknownOperation(operationName)];
}

function unknownOperation(name: string | null | undefined): GraphQLError {
  const message = name == null ? 'Say which operation by operationName.' : `Unknown operation named "${name}".`;
  return new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } });
}
