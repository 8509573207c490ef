import { API_LIMITS, CLOSE_CODES } from '@pilothouse/protocol';
import { afterAll, afterEach, beforeAll, expect, test, describe } from 'vitest';
import { RawSocket } from '../security/testing/raw-socket.js';
import { seedApiToken, seedMember } from '../security/testing/callers.js';
import { describeSocketLimits } from '../security/testing/socket-limits.suite.js';
import { TestApi } from '../testing/index.js';

const FOLLOW = { query: 'subscription { serverChanged(afterSeq: 0) { seq } }' };
const PROBE = { query: '{ workspace { id } }' };

let api: TestApi;
let token: string;
let workspaceId: string;
const open: RawSocket[] = [];
beforeAll(async () => {
  api = await TestApi.start();
  ({ token, workspaceId } = await api.setUp());
});
afterEach(async () => void (await Promise.all(open.splice(0).map((socket) => socket.end()))));
afterAll(() => api.stop());

async function connected(params: Record<string, unknown> = { token }): Promise<RawSocket> {
  const socket = await RawSocket.connected(api.origin, params);
  open.push(socket);
  return socket;
}

async function isServed(socket: RawSocket): Promise<boolean> {
  const id = socket.subscribe(PROBE, crypto.randomUUID());
  return (await socket.firstOf(id)).type === 'next';
}

describeSocketLimits(() => ({ api, token }));

describe('operations of one socket', () => {
  test('free their place when they end', async () => {
    const socket = await connected();
    for (let round = 0; round < 3; round += 1) {
      const ids = Array.from({ length: API_LIMITS.maxOperationsPerUserSocket - 1 }, (_, i) => `${round}-${i}`);
      for (const id of ids) socket.subscribe(FOLLOW, id);
      expect(await isServed(socket)).toBe(true);
      for (const id of ids) socket.send({ type: 'complete', id });
      await socket.flushed();
    }
    expect(await isServed(socket)).toBe(true);
  });

  test('are not forgotten because the client says that they are complete before they have begun', async () => {
    const socket = await connected();
    socket.subscribe(FOLLOW, 'twice');
    socket.send({ type: 'complete', id: 'twice' });
    socket.subscribe(FOLLOW, 'twice');
    expect(await socket.closed).toBe(4409);
  });

  test('still count while the client calls them complete', async () => {
    const socket = await connected();
    for (let i = 0; i <= API_LIMITS.maxOperationsPerUserSocket; i += 1) {
      socket.subscribe(PROBE, `query-${i}`);
      socket.send({ type: 'complete', id: `query-${i}` });
    }
    expect(await socket.closed).toBe(CLOSE_CODES.TOO_MANY_OPERATIONS.code);
  });
});

describe('messages', () => {
  test.each([
    ['no JSON', 'not json', 4400],
    ['JSON of another kind', '[]', 4400],
    ['an unknown type', '{"type":"drop tables"}', 4400],
    ['an operation without an id', '{"type":"subscribe","payload":{"query":"{ a }"}}', 4400],
    ['a query that is no text', '{"type":"subscribe","id":"1","payload":{"query":{"kind":"Document"}}}', 4400],
    ['a second connection_init', '{"type":"connection_init"}', 4429],
    ['an acknowledgement', '{"type":"connection_ack"}', 4400],
  ])('that are %s close the socket', async (_what, message, code) => {
    const socket = await connected();
    socket.send(message);
    expect(await socket.closed).toBe(code);
  });

  test('of bytes close the socket', async () => {
    const socket = await connected();
    socket.socket.send(Buffer.from([1, 2, 3]), { binary: true });
    expect(await socket.closed).toBe(CLOSE_CODES.MESSAGE_TOO_BIG.code);
  });

  test('before connection_init are not served', async () => {
    const socket = new RawSocket(api.origin, { headers: { authorization: `Bearer ${token}` } });
    await socket.open();
    socket.subscribe(PROBE);
    expect(await socket.closed).toBe(4401);
  });
});

test.each([
  ['a token that is a list', { token: ['a'] }],
  ['a token of 513 characters', { token: 'a'.repeat(513) }],
  ['a workspace that is no id', { workspaceId: 'mine' }],
])('%s is not connected', async (_what, params) => {
  const socket = new RawSocket(api.origin);
  await socket.open();
  socket.send({ type: 'connection_init', payload: params });
  expect(await socket.closed).toBe(4403);
});

test('a person or token may have 64 sockets, each their own', async () => {
  const person = await seedMember(api, workspaceId, 'VIEWER');
  const program = await seedApiToken(api, workspaceId, ['READ']);
  for (const credential of [person.token, program.token]) {
    const sockets = await Promise.all(
      Array.from({ length: API_LIMITS.maxSocketsPerPrincipal }, () => connected({ token: credential })),
    );
    const tooMany = new RawSocket(api.origin);
    await tooMany.open();
    tooMany.send({ type: 'connection_init', payload: { token: credential } });
    expect(await tooMany.closed).toBe(CLOSE_CODES.TOO_MANY_SOCKETS.code);
    await sockets[0]!.end();
    await sockets[1]!.flushed();
    expect(await isServed(await connected({ token: credential }))).toBe(true);
  }
  expect(await isServed(await connected())).toBe(true);
});

test('whose requests are too many opens no socket and is told to come back', async () => {
  const strict = await TestApi.start({ replicaOf: api, limits: { address: { points: 2, seconds: 60 } } });
  const sockets = await Promise.all([1, 2].map(() => RawSocket.connected(strict.origin)));
  const third = new RawSocket(strict.origin);
  await third.open();
  third.send({ type: 'connection_init', payload: {} });
  expect(await third.closed).toBe(CLOSE_CODES.TOO_MANY_SOCKETS.code);
  const id = sockets[0]!.subscribe({ query: '{ setup { completed } }' });
  const answer = await sockets[0]!.firstOf(id);
  expect(answer.payload[0].extensions).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) });
  expect(strict.logged.filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
  await Promise.all(sockets.map((socket) => socket.end()));
  await strict.stop();
});

test('nothing that clients do is logged as an error of ours', () => {
  expect(api.logged.filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
});
