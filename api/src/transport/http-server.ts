import { createServer as createHttp, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import express, { type Express, type RequestHandler } from 'express';
import { API_LIMITS } from '@pilothouse/protocol';
import type { Server as GraphqlWsServer } from 'graphql-ws';
import { handleProtocols } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import { clientAddressOf, type ProxyAddresses } from '../kernel/client-address.js';
import type { LiveSockets } from '../kernel/live-sockets.js';
import type { Logger } from '../kernel/log.js';
import { closeSocket, serveSocket, type SocketExtra } from '../kernel/serve-socket.js';
import { pointToExplorer } from './explorer.js';
import type { AllowedOrigins } from './origins.js';

/** A user socket shows life at least this often; proxies close what is silent for longer. */
const USER_SILENCE_MS = 40_000;
const SEND_TIMEOUT_MS = 30_000;

export interface HttpParts {
  graphqlHttp: RequestHandler;
  graphqlSocket: GraphqlWsServer<SocketExtra>;
  /** Plain HTTP entrances of agents, below `/agent`. */
  agentEntrances: RequestHandler;
  /** The install script, and what it brings to hosts. */
  releases: RequestHandler;
  /** Takes over WebSocket upgrades on `/agent`. */
  agentGateway: { accept(request: IncomingMessage, socket: Duplex, head: Buffer): void };
  /** A page to try the API with, in development; null otherwise. */
  explorer: RequestHandler | null;
  /** Everything else: the dashboard. */
  fallback: RequestHandler;
  /** For whoever operates this replica. */
  healthRoutes: RequestHandler;
  origins: AllowedOrigins;
  /** Left out: none. */
  trustedProxies?: ProxyAddresses;
  sockets: LiveSockets;
  log: Logger;
  tls: { cert: string | Buffer; key: string | Buffer } | null;
}

/** One port for everything: API, agents and dashboard. */
export function createHttpServer(parts: HttpParts): Server {
  const app = createApp(parts);
  const server = parts.tls ? createHttps(parts.tls, app) : createHttp(app);
  server.requestTimeout = 60_000;
  server.headersTimeout = 15_000;
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: API_LIMITS.maxSocketMessageBytes,
    handleProtocols,
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', (error) => parts.log.debug({ err: error }, 'A socket failed before its upgrade'));
    parts.trustedProxies?.identify(request);
    upgrade(parts, webSockets, { request, socket, head });
  });
  return server;
}

function createApp(parts: HttpParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use((request, response, next) => {
    parts.trustedProxies?.identify(request);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('X-Frame-Options', 'DENY');
    if (parts.tls) response.setHeader('Strict-Transport-Security', 'max-age=31536000');
    next();
  });
  app.use(parts.healthRoutes);
  app.use(parts.agentEntrances);
  app.use(parts.releases);
  app.use('/graphql', parts.explorer ?? pointToExplorer);
  app.use(
    '/graphql',
    originCheck(parts.origins),
    express.json({ limit: API_LIMITS.maxRequestBytes }),
    badBody,
    parts.graphqlHttp,
  );
  app.use(parts.fallback);
  return app;
}

/** A page of another origin may not call the API, whatever method and content type it uses. */
function originCheck(origins: AllowedOrigins): RequestHandler {
  return (request, response, next) => {
    if (origins.allows(request)) return next();
    // The address that was used is not repeated: it is the sender's own text.
    const message = `Pages of this address may not use the API. Open ${origins.publicOrigin} instead.`;
    response.status(403).json({ errors: [{ message, extensions: { code: 'FORBIDDEN' } }] });
  };
}

/** Answers for bodies that express could not read: too large, or not JSON. */
function badBody(
  error: unknown,
  _request: express.Request,
  response: express.Response,
  next: express.NextFunction,
): void {
  const status = (error as { status?: number }).status;
  if (status === undefined || status >= 500) return next(error);
  const message =
    status === 413
      ? `A request may have at most ${API_LIMITS.maxRequestBytes} bytes.`
      : 'The request’s body is not JSON.';
  response.status(status).json({ errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] });
}

interface Upgrade {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

/** Origin is judged before anything is accepted; agents are no browsers and must not show one. */
function upgrade(parts: HttpParts, webSockets: WebSocketServer, { request, socket, head }: Upgrade): void {
  const [path] = (request.url ?? '').split('?', 1);
  if (path === '/agent') {
    if (request.headers.origin !== undefined) return refuseUpgrade(socket, '403 Forbidden');
    return parts.agentGateway.accept(request, socket, head);
  }
  if (path !== '/graphql') return refuseUpgrade(socket, '404 Not Found');
  if (!parts.origins.allows(request)) return refuseUpgrade(socket, '403 Forbidden');
  webSockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
    const release = parts.sockets.admitAddress(clientAddressOf(request));
    if (!release) return closeSocket(webSocket, 'TOO_MANY_SOCKETS');
    webSocket.once('close', release);
    serveSocket(webSocket, request, {
      server: parts.graphqlSocket,
      log: parts.log,
      silenceTimeoutMs: USER_SILENCE_MS,
      sendTimeoutMs: SEND_TIMEOUT_MS,
    });
  });
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
