import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CLOSE_CODES } from '@pilothouse/protocol';
import { buildSchema, type GraphQLSchema } from 'graphql';
import { handleProtocols } from 'graphql-ws';
import { pino } from 'pino';
import { WebSocketServer, type WebSocket } from 'ws';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Authenticator } from '../kernel/authenticator.js';
import { LiveSockets } from '../kernel/live-sockets.js';
import { makeContext } from '../kernel/request-context.js';
import { serveSocket } from '../kernel/serve-socket.js';
import { generousRateLimits } from '../testing/generous-rate-limits.js';
import { RawSocket } from '../security/testing/raw-socket.js';
import { documentRules } from './document-rules.js';
import { createGraphqlSocket } from './graphql-socket.js';

const MIB = 1024 * 1024;
const CHUNK = 'x'.repeat(64 * 1024);
const log = pino({ level: 'silent' });

/** What a subscription has produced so far, and how many run. */
const produced = { chunks: 0, running: 0 };

function schemaOfChunks(): GraphQLSchema {
  const schema = buildSchema(
    'type Query { fine: Boolean } type Subscription { chunks: String broken: String untidy: String }',
  );
  schema.getSubscriptionType()!.getFields()['broken']!.subscribe = async function* () {
    yield { broken: 'before' };
    throw new Error('canary of the inside');
  };
  schema.getSubscriptionType()!.getFields()['untidy']!.subscribe = () => ({
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => undefined),
      return: () => Promise.reject(new Error('canary of the inside')),
    }),
  });
  schema.getSubscriptionType()!.getFields()['chunks']!.subscribe = async function* () {
    produced.running += 1;
    try {
      for (;;) {
        produced.chunks += 1;
        yield { chunks: CHUNK };
        await new Promise(setImmediate);
      }
    } finally {
      produced.running -= 1;
    }
  };
  return schema;
}

/** Everybody is who their token names, until their rights change. */
class Names implements Authenticator {
  role: 'OWNER' | 'VIEWER' = 'OWNER';

  async authenticate({ credential, address, userAgent, requestId }: Parameters<Authenticator['authenticate']>[0]) {
    const id = credential ?? 'somebody';
    const actor = { kind: 'USER', id, sessionId: id, steppedUpAt: null } as const;
    return makeContext({
      requestId,
      actor,
      workspaceId: 'w',
      role: this.role,
      grants: [],
      address,
      userAgent,
      credential,
    });
  }
}

let server: Server;
let origin: string;
let names: Names;
const accepted: WebSocket[] = [];
const open: RawSocket[] = [];

async function serve(options: { sendTimeoutMs?: number; silenceTimeoutMs?: number } = {}): Promise<void> {
  const graphql = createGraphqlSocket({
    schema: schemaOfChunks(),
    rules: documentRules({ introspection: true }),
    authenticator: names,
    rateLimits: generousRateLimits(),
    sockets: new LiveSockets({ onRevoked: () => undefined, onBlind: () => undefined }),
    log,
    secureCookies: false,
    isTrustworthy: () => true,
    rightsCheckedEveryMs: 20,
  });
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: MIB, handleProtocols });
  server = createServer().on('upgrade', (request, socket, head) =>
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      accepted.push(webSocket);
      serveSocket(webSocket, request, {
        server: graphql,
        log,
        sendTimeoutMs: 60_000,
        silenceTimeoutMs: 60_000,
        ...options,
      });
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeEach(() => {
  names = new Names();
  Object.assign(produced, { chunks: 0, running: 0 });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((socket) => socket.end()));
  accepted.splice(0);
  await new Promise((resolve) => server.close(resolve));
});

async function connected(token = 'somebody', options = {}): Promise<RawSocket> {
  const socket = await RawSocket.connected(origin, { token }, options);
  open.push(socket);
  return socket;
}

const follow = { query: 'subscription { chunks }' };
const until = async (fits: () => boolean) => {
  while (!fits()) await new Promise((resolve) => setTimeout(resolve, 5));
};
/** Of each there is something that the kernel does not take any more: all buffers to its reader are full. */
const untilStalled = () => until(() => accepted.every((socket) => socket.bufferedAmount > 0));

describe('a reader that stops reading', () => {
  test('is sent no more than it takes, and is cut off after the time it has', async () => {
    await serve({ sendTimeoutMs: 500 });
    const slow = await connected();
    slow.socket.pause();
    slow.subscribe(follow);
    await until(() => accepted[0]!.readyState === accepted[0]!.CLOSED);
    expect(produced.chunks * CHUNK.length).toBeLessThan(32 * MIB);
    await until(() => produced.running === 0);
    slow.socket.resume();
    await slow.closed;
  });

  test('goes on where it was when it reads again in time', async () => {
    await serve();
    const slow = await connected();
    slow.socket.pause();
    const id = slow.subscribe(follow);
    await untilStalled();
    const stalledAt = produced.chunks;
    slow.socket.resume();
    await until(() => slow.messages.filter((message) => message.id === id).length > stalledAt);
    expect(slow.socket.readyState).toBe(1);
  });

  test('is not read from either: what it asks for meanwhile waits on its own side', async () => {
    await serve();
    const slow = await connected();
    slow.socket.pause();
    for (let i = 0; i < 40; i += 1) slow.send({ type: 'ping', payload: { text: 'x'.repeat(900_000) } });
    await until(() => accepted[0]!.isPaused);
    expect(accepted[0]!.bufferedAmount).toBeLessThan(4 * MIB);
    slow.socket.resume();
    await until(() => slow.messages.filter(({ type }) => type === 'pong').length === 40);
    expect(accepted[0]!.isPaused).toBe(false);
  });
});

test('200 readers that stop reading cost less than 50 MB', async () => {
  await serve();
  const sockets: RawSocket[] = [];
  for (let i = 0; i < 200; i += 1) sockets.push(await connected(`person-${i}`));
  const before = process.memoryUsage().rss;
  for (const socket of sockets) {
    socket.socket.pause();
    socket.subscribe(follow);
  }
  await until(() => produced.running === 200);
  await untilStalled();
  const grownMib = (process.memoryUsage().rss - before) / MIB;
  const buffered = accepted.reduce((sum, socket) => sum + socket.bufferedAmount, 0) / MIB;
  console.log(`RSS grew by ${grownMib.toFixed(1)} MiB; ${buffered.toFixed(1)} MiB wait for 200 readers`);
  expect(buffered).toBeLessThan(50);
  // Client and server share this process, and garbage is collected when the collector likes.
  expect(grownMib).toBeLessThan(50 + 100);
}, 120_000);

test('a peer from which no frame comes is cut off', async () => {
  await serve({ silenceTimeoutMs: 300 });
  const silent = await connected('silent', { autoPong: false });
  const lively = await connected('lively');
  expect([CLOSE_CODES.SILENT.code, 1006]).toContain(await silent.closed);
  expect(lively.socket.readyState).toBe(1);
});

test('a socket whose credential no longer gives what it gave is cut off, without a revocation', async () => {
  await serve();
  const socket = await connected();
  socket.subscribe(follow);
  await until(() => produced.running === 1);
  names.role = 'VIEWER';
  expect(await socket.closed).toBe(CLOSE_CODES.RIGHTS_CHANGED.code);
  await until(() => produced.running === 0);
});

test('a socket that does not take its closing is not listened to any more', async () => {
  await serve();
  const deaf = await connected();
  deaf.socket.pause();
  names.role = 'VIEWER';
  await until(() => accepted[0]!.readyState === accepted[0]!.CLOSING);
  let received = 0;
  accepted[0]!.on('message', () => (received += 1));
  deaf.subscribe(follow);
  await until(() => received === 1);
  deaf.socket.resume();
  await deaf.closed;
  expect(produced.chunks).toBe(0);
});

test('subscriptions end with their socket, also those that the client has called complete', async () => {
  await serve();
  const socket = await connected();
  socket.subscribe(follow, 'one');
  socket.subscribe(follow, 'two');
  await until(() => produced.running === 2);
  socket.send({ type: 'complete', id: 'one' });
  await until(() => produced.running === 1);
  socket.socket.terminate();
  await once(socket.socket, 'close').catch(() => undefined);
  await until(() => produced.running === 0);
});

test('an error in the middle of a subscription ends it alone, and tells the client nothing of the inside', async () => {
  await serve();
  const socket = await connected();
  const id = socket.subscribe({ query: 'subscription { broken }' });
  const lively = socket.subscribe(follow);
  const ofId = () => socket.messages.filter((message) => message.id === id);
  await until(() => ofId().length === 2);
  expect(ofId()).toMatchObject([
    { type: 'next', payload: { data: { broken: 'before' } } },
    {
      type: 'error',
      payload: [{ extensions: { code: 'INTERNAL', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) } }],
    },
  ]);
  expect(JSON.stringify(ofId())).not.toContain('canary');
  const seen = socket.messages.length;
  await until(() => socket.messages.slice(seen).some((message) => message.id === lively));
  expect(socket.socket.readyState).toBe(1);
});

test('an error while a subscription is tidied up ends nothing else', async () => {
  await serve();
  const socket = await connected();
  const id = socket.subscribe({ query: 'subscription { untidy }' });
  const lively = socket.subscribe(follow);
  await until(() => socket.messages.some((message) => message.id === lively));
  socket.send({ type: 'complete', id });
  await socket.flushed();
  const seen = socket.messages.length;
  await until(() => socket.messages.length > seen + 5 || socket.socket.readyState !== 1);
  expect(socket.socket.readyState).toBe(1);
});
