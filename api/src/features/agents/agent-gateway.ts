import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { API_LIMITS, CHALLENGE_HEADER, CLOSE_CODES, LINK_LIMITS, type CloseReason } from '@pilothouse/protocol';
import {
  execute,
  getOperationAST,
  GraphQLError,
  OperationTypeNode,
  subscribe,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import { handleProtocols, makeServer, type Server } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import { clientAddressOf } from '../../kernel/client-address.js';
import type { Gate } from '../../kernel/gate.js';
import { toClientError } from '../../kernel/graphql/client-errors.js';
import type { LiveSockets } from '../../kernel/live-sockets.js';
import type { Logger } from '../../kernel/log.js';
import type { RateLimits } from '../../kernel/rate-limits.js';
import { makeContext, type WorkspaceContext } from '../../kernel/request-context.js';
import { serveSocket, type SocketExtra } from '../../kernel/serve-socket.js';
import type { AgentConnection, AgentConnections } from './agent-connection.js';
import type { ConnectionKeeper } from './connection-keeper.js';
import type { AdmittedAgent } from './admitted-agent.js';
import type { Handshake, HandshakeService } from './handshake.service.js';
import type { InstructionService } from './instruction.service.js';
import { paceReading } from './paced-reading.js';
import type { PublishService } from './publish.service.js';
import { loadPublishedOperations, type SpokenProtocol } from './published-operations.js';

export interface AgentGatewayParts {
  schema: GraphQLSchema;
  /** What the changes of all agents pass through. */
  gate: Gate;
  handshake: HandshakeService;
  instructions: InstructionService;
  publish: PublishService;
  connections: AgentConnections;
  keeper: ConnectionKeeper;
  sockets: LiveSockets;
  rateLimits: RateLimits;
  log: Logger;
  protocol: SpokenProtocol;
  isTrustworthy: () => boolean;
  /** A socket on which no frame arrives for this long is closed. */
  silenceTimeoutMs?: number;
}

type AgentExtra = SocketExtra & {
  challenge: string | null;
  connection?: AgentConnection;
  closedAs?: string;
  /** Subscriptions begun so far. graphql-ws forgets one at the agent's word, while it still reads. */
  subscriptions?: number;
};

/** `/agent`: agents connect here, prove themselves, get instructions and publish frames. Nothing else is understood. */
export class AgentGateway {
  private readonly webSockets: WebSocketServer;
  private readonly operations: ReadonlyMap<string, DocumentNode>;
  private readonly challenges = new WeakMap<IncomingMessage, string>();
  private readonly graphql: Server<SocketExtra>;

  constructor(private readonly parts: AgentGatewayParts) {
    this.operations = loadPublishedOperations(parts.schema, parts.protocol);
    this.webSockets = new WebSocketServer({ noServer: true, maxPayload: LINK_LIMITS.maxMessageBytes, handleProtocols });
    this.webSockets.on('headers', (headers, request) => {
      headers.push(`${CHALLENGE_HEADER}: ${this.challenges.get(request) ?? ''}`);
    });
    this.graphql = this.makeGraphqlServer();
  }

  /** Takes over an upgrade whose path and Origin have been checked. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.challenges.set(request, randomBytes(LINK_LIMITS.challengeBytes).toString('base64url'));
    this.webSockets.handleUpgrade(request, socket, head, (webSocket) => this.host(webSocket, request));
  }

  stop(): void {
    for (const connection of this.parts.connections.all()) connection.close('SHUTTING_DOWN');
    this.webSockets.close();
  }

  private host(webSocket: WebSocket, request: IncomingMessage): void {
    const release = this.parts.sockets.admitAddress(clientAddressOf(request));
    if (!release) return webSocket.close(CLOSE_CODES.TOO_MANY_SOCKETS.code, CLOSE_CODES.TOO_MANY_SOCKETS.meaning);
    webSocket.once('close', release);
    paceReading(webSocket);
    const extra = serveSocket(webSocket, request, {
      server: this.graphql,
      log: this.parts.log,
      silenceTimeoutMs: this.parts.silenceTimeoutMs ?? LINK_LIMITS.silenceTimeoutMs,
      sendTimeoutMs: LINK_LIMITS.silenceTimeoutMs,
    }) as AgentExtra;
    extra.challenge = this.challenges.get(request) ?? null;
    const close = extra.close.bind(extra);
    extra.close = (reason: CloseReason) => {
      extra.closedAs ??= CLOSE_CODES[reason].meaning;
      close(reason);
    };
    webSocket.once('close', (code) => {
      if (extra.connection) void this.parts.keeper.lost(extra.connection, extra.closedAs ?? closeSentence(code));
    });
  }

  private makeGraphqlServer(): Server<SocketExtra> {
    const { schema, log } = this.parts;
    return makeServer<Record<string, unknown>, SocketExtra>({
      connectionInitWaitTimeout: LINK_LIMITS.handshakeTimeoutMs,
      onConnect: (socket) => this.connect(socket.extra as AgentExtra, socket.connectionParams),
      onSubscribe: (socket, _id, payload) => {
        const extra = socket.extra as AgentExtra;
        const document = this.operations.get(payload.query);
        const isSubscription = document && getOperationAST(document)?.operation === OperationTypeNode.SUBSCRIPTION;
        if (isSubscription) extra.subscriptions = (extra.subscriptions ?? 0) + 1;
        const underWay = Math.max(Object.keys(socket.subscriptions).length, extra.subscriptions ?? 0);
        const tooMany = underWay > API_LIMITS.maxOperationsPerAgentSocket;
        if (!document || !extra.connection || tooMany) {
          const reason = document ? 'TOO_MANY_OPERATIONS' : 'UNKNOWN_OPERATION';
          extra.close(reason);
          return [new GraphQLError(CLOSE_CODES[reason].meaning)];
        }
        const { connection } = extra;
        return {
          schema,
          document,
          variableValues: payload.variables ?? {},
          contextValue: { ...connection, instructions: () => this.parts.instructions.stream(connection) },
        };
      },
      execute,
      subscribe,
      onNext: (socket, _id, _payload, _args, result) => {
        if (!result.errors) return undefined;
        const requestId = (socket.extra as AgentExtra).connection?.ctx.requestId ?? '';
        return { ...result, errors: result.errors.map((error) => toClientError(error, { requestId, log })) as never };
      },
      onError: (socket, _id, _payload, errors) => {
        const requestId = (socket.extra as AgentExtra).connection?.ctx.requestId ?? '';
        return errors.map((error) => toClientError(error, { requestId, log })) as never;
      },
    }) as Server<SocketExtra>;
  }

  /** @returns the acknowledgement's payload; a refused agent's socket is closed with the reason's code. */
  private async connect(extra: AgentExtra, hello: unknown): Promise<Record<string, unknown> | undefined> {
    const { challenge } = extra;
    // A challenge is good for one try, whatever comes of it.
    extra.challenge = null;
    if (!this.parts.isTrustworthy()) return this.refuse(extra, 'SHUTTING_DOWN');
    const isOpen = () => extra.socket.readyState === extra.socket.OPEN;
    // Whoever gave up while waiting comes again: its turn is better spent on those who still wait.
    const handshake = await this.parts.gate.pass(async () =>
      isOpen() ? this.shake({ hello, challenge, address: extra.address }) : null,
    );
    if (!handshake) return undefined;
    if (!handshake.ok) return this.refuse(extra, handshake.reason);
    const connection = makeConnection(handshake.agent, extra);
    extra.authenticated = true;
    if (!isOpen()) {
      await this.parts.keeper.lost(connection, 'The connection was cut during the handshake');
      return undefined;
    }
    const forget = this.parts.sockets.add({
      address: extra.address,
      principal: handshake.agent.agentId,
      serverId: handshake.agent.serverId,
      keepsRights: async (kind) => {
        const standing = await this.parts.handshake.standingOf(handshake.agent);
        return kind === 'AGENT_KEY' ? standing === 'GOOD' : standing !== 'VOID';
      },
      close: (reason) => extra.close(reason),
    });
    if (!forget) {
      await this.parts.keeper.lost(connection, CLOSE_CODES.TOO_MANY_SOCKETS.meaning);
      return this.refuse(extra, 'TOO_MANY_SOCKETS');
    }
    extra.socket.once('close', forget);
    extra.connection = connection;
    this.parts.publish.attend(connection, extra.socket);
    extra.onFrame = () => (connection.lastFrameAt = new Date());
    extra.onLatency = (latencyMs) => (connection.latencyMs = latencyMs);
    this.parts.connections.add(connection);
    // A revocation between the look-up and this moment was told to nobody: ask once more, now that it would be.
    const standing = await this.parts.handshake.standingOf(handshake.agent);
    if (standing !== 'GOOD') return this.refuse(extra, standing === 'VOID' ? 'REVOKED' : 'RIGHTS_CHANGED');
    this.parts.log.info(
      { serverId: handshake.agent.serverId, epoch: handshake.agent.epoch, version: handshake.ack.version },
      'An agent connected',
    );
    return handshake.ack;
  }

  /** An address with too many hellos that were no good is not listened to: its turn is over at once. */
  private async shake(received: Parameters<HandshakeService['shake']>[0]): Promise<Handshake> {
    const { rateLimits } = this.parts;
    const { address } = received;
    if (await rateLimits.isSpent('agentHello', address)) return { ok: false, reason: 'TOO_MANY_SOCKETS' };
    const handshake = await this.parts.handshake.shake(received);
    if (!handshake.ok) await rateLimits.count('agentHello', address);
    return handshake;
  }

  private refuse(extra: AgentExtra, reason: CloseReason): undefined {
    this.parts.log.info({ address: extra.address, reason }, 'An agent was refused');
    extra.close(reason);
    return undefined;
  }
}

function makeConnection(agent: AdmittedAgent, extra: AgentExtra): AgentConnection {
  const ctx = makeContext({
    requestId: randomUUID(),
    actor: { kind: 'AGENT', id: agent.agentId, serverId: agent.serverId },
    workspaceId: agent.workspaceId,
    role: null,
    grants: [],
    address: extra.address,
    userAgent: `pilothouse-agent/${agent.agentVersion}`,
    credential: null,
  }) as WorkspaceContext;
  return { agent, ctx, lastFrameAt: new Date(), latencyMs: null, close: (reason) => extra.close(reason) };
}

function closeSentence(code: number): string {
  if (code === 1000 || code === 1001) return 'The agent closed the connection';
  return code === 1006 ? 'The connection broke' : `The connection ended with code ${code}`;
}
