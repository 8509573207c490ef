import type { IncomingMessage } from 'node:http';
import { API_LIMITS, CLOSE_CODES, type CloseReason } from '@pilothouse/protocol';
import { CloseCode, type Server as GraphqlWsServer } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { clientAddressOf } from './client-address.js';
import { Fault } from './fault.js';
import type { Logger } from './log.js';

/** What both endpoints know of a socket besides graphql-ws's own state. */
export interface SocketExtra {
  socket: WebSocket;
  request: IncomingMessage;
  address: string;
  /** Set once the connection has been authenticated: larger messages are allowed from then on. */
  authenticated: boolean;
  close: (reason: CloseReason) => void;
  /** Called for every frame received, pings included. */
  onFrame?: () => void;
  /** Called with the time from a ping of ours to its answer, in milliseconds. */
  onLatency?: (latencyMs: number) => void;
}

/** How finely silence is noticed, and how often the peer is asked for a sign of life: ten times and twice a time-out. */
const TICKS = 10;
const PING_EVERY_TICKS = 5;
/** A socket that leaves more than this unread is not read from until it has caught up. */
const MAX_UNREAD_BYTES = 256 * 1024;

export interface ServeSocketOptions {
  server: GraphqlWsServer<SocketExtra>;
  log: Logger;
  /** A socket on which no frame arrives for this long is cut. */
  silenceTimeoutMs: number;
  /** A message that the peer's side does not take within this time closes the socket as too slow. */
  sendTimeoutMs: number;
}

/**
 * Joins one accepted WebSocket to a graphql-ws server. In place of graphql-ws's own adapter, because of what that one
 * lacks: message sizes before and after authentication, liveness by received frames alone, and a deadline for readers.
 */
export function serveSocket(socket: WebSocket, request: IncomingMessage, options: ServeSocketOptions): SocketExtra {
  const { server, log, silenceTimeoutMs, sendTimeoutMs } = options;
  const extra: SocketExtra = {
    socket,
    request,
    address: clientAddressOf(request),
    authenticated: false,
    close: (reason) => closeSocket(socket, reason),
  };
  const life = watchLife(extra, silenceTimeoutMs);
  socket.on('error', (error) => log.info({ err: error, address: extra.address }, 'A socket failed'));
  const closed = server.opened(
    {
      protocol: socket.protocol,
      send: (data) => sendWithDeadline(extra, data, sendTimeoutMs),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (receive) =>
        socket.on('message', (data: Buffer, isBinary) => {
          // A peer that is being cut off, and does not take it, is not listened to any more.
          if (socket.readyState !== socket.OPEN) return;
          life.frame();
          const limit = extra.authenticated
            ? API_LIMITS.maxSocketMessageBytes
            : API_LIMITS.maxSocketMessageBytesBeforeAuthentication;
          if (isBinary || data.length > limit) return extra.close('MESSAGE_TOO_BIG');
          receive(data.toString('utf8')).catch((error: unknown) => fail(extra, log, error));
        }),
    },
    extra,
  );
  socket.once('close', (code, reason) => {
    life.stop();
    void closed(code, reason.toString('utf8'));
  });
  return extra;
}

/** Asks for signs of life, and cuts a socket off that gives none. `frame` is to be told of every message. */
function watchLife(extra: SocketExtra, silenceTimeoutMs: number): { frame: () => void; stop: () => void } {
  const { socket } = extra;
  let lastFrameAt = performance.now();
  const frame = () => {
    lastFrameAt = performance.now();
    extra.onFrame?.();
  };
  let pingedAt = 0;
  let ticks = 0;
  const heartbeat = setInterval(() => {
    ticks += 1;
    pauseOrResume(extra);
    if (performance.now() - lastFrameAt > silenceTimeoutMs) {
      extra.close('SILENT');
      socket.terminate();
    } else if (ticks % PING_EVERY_TICKS === 0 && socket.readyState === socket.OPEN) {
      pingedAt = performance.now();
      socket.ping();
    }
  }, silenceTimeoutMs / TICKS);
  socket.on('pong', () => {
    frame();
    extra.onLatency?.(performance.now() - pingedAt);
  });
  socket.on('ping', () => {
    frame();
    pauseOrResume(extra);
  });
  return { frame, stop: () => clearInterval(heartbeat) };
}

/** Closes with a code of ours; the TCP connection is cut when the peer does not answer within 2 s. */
export function closeSocket(socket: WebSocket, reason: CloseReason): void {
  const { code, meaning } = CLOSE_CODES[reason];
  socket.close(code, meaning);
  const cut = setTimeout(() => socket.terminate(), 2000);
  socket.once('close', () => clearTimeout(cut));
}

/** graphql-ws throws on a message that only servers send, and passes on what its hooks throw: no database, and bugs. */
function fail({ socket, address, close }: SocketExtra, log: Logger, error: unknown): void {
  if (error instanceof Error && error.message.startsWith('Unexpected message of type ')) {
    log.info({ address }, error.message);
    return socket.close(CloseCode.BadRequest, 'Invalid message received');
  }
  if (error instanceof Fault && error.code === 'UNAVAILABLE') {
    log.warn({ err: error, address }, error.message);
    return close('SHUTTING_DOWN');
  }
  log.error({ err: error, address }, 'A socket message failed unexpectedly');
  socket.close(1011, 'Internal error');
}

/** Sockets that are not read from because their peer does not read. Others may be paused for other reasons. */
const heldBack = new WeakSet<WebSocket>();

/** Whoever does not read what was asked for is not read from either: pongs and answers wait on the peer's side. */
function pauseOrResume({ socket }: SocketExtra): void {
  if (socket.readyState !== socket.OPEN) return;
  const isBehind = socket.bufferedAmount > MAX_UNREAD_BYTES;
  if (isBehind && !socket.isPaused) {
    heldBack.add(socket);
    socket.pause();
  } else if (!isBehind && heldBack.delete(socket)) {
    socket.resume();
  }
}

/** Resolves when the bytes have left this process: a subscription does not produce more than its reader takes. */
function sendWithDeadline(extra: SocketExtra, data: string, timeoutMs: number): Promise<void> {
  const { socket, close } = extra;
  if (socket.readyState !== socket.OPEN) return Promise.resolve();
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      close('TOO_SLOW');
      socket.terminate();
    }, timeoutMs);
    // A failed send means a closed socket; graphql-ws learns of it from the close event.
    socket.send(data, () => {
      clearTimeout(late);
      pauseOrResume(extra);
      resolve();
    });
    pauseOrResume(extra);
  });
}
