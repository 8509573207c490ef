import { API_LIMITS, CLOSE_CODES } from '@pilothouse/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import type { ApiClient } from '../../testing/index.js';
import { RawSocket } from './raw-socket.js';

const FOLLOW = { query: 'subscription { serverChanged(afterSeq: 0) { seq } }' };
const PROBE = { query: '{ workspace { id } }' };
const NEW_TOKEN = `mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { ... on ApiTokenCreated { token } } }`;

/** A message of exactly so many bytes. */
export function messageOf(bytes: number, message: Record<string, unknown>): string {
  const padded = (padding: string) => JSON.stringify({ ...message, padding });
  return padded('x'.repeat(bytes - padded('').length));
}

/** Every limit of sockets of people and programs, just below and just above it. */
export function describeSocketLimits(place: () => { api: ApiClient; token: string }): void {
  const open: RawSocket[] = [];
  afterEach(async () => void (await Promise.all(open.splice(0).map((socket) => socket.end()))));

  function unknown(): RawSocket {
    const socket = new RawSocket(place().api.origin);
    open.push(socket);
    return socket;
  }

  async function connected(params: Record<string, unknown> = { token: place().token }): Promise<RawSocket> {
    const socket = unknown();
    await socket.init(params);
    return socket;
  }

  async function isServed(socket: RawSocket): Promise<boolean> {
    return (await socket.firstOf(socket.subscribe(PROBE, crypto.randomUUID()))).type === 'next';
  }

  describe('operations of one socket', () => {
    test('may be 50 at once, and with the 51st the socket is closed', async () => {
      const socket = await connected();
      for (let i = 0; i < API_LIMITS.maxOperationsPerUserSocket - 1; i += 1) socket.subscribe(FOLLOW, `follow-${i}`);
      expect(await isServed(socket)).toBe(true);
      socket.subscribe(FOLLOW, 'follow-50th');
      await socket.flushed();
      expect(socket.socket.readyState).toBe(1);
      socket.subscribe(FOLLOW, 'follow-51st');
      expect(await socket.closed).toBe(CLOSE_CODES.TOO_MANY_OPERATIONS.code);
    });
  });

  describe('messages', () => {
    test('of strangers may have 64 KiB', async () => {
      const init = { type: 'connection_init', payload: {} };
      const small = unknown();
      await small.open();
      small.send(messageOf(API_LIMITS.maxSocketMessageBytesBeforeAuthentication, init));
      await small.until(({ type }) => type === 'connection_ack');
      small.send(messageOf(API_LIMITS.maxSocketMessageBytesBeforeAuthentication + 1, { type: 'ping' }));
      expect(await small.closed).toBe(CLOSE_CODES.MESSAGE_TOO_BIG.code);

      const large = unknown();
      await large.open();
      large.send(messageOf(API_LIMITS.maxSocketMessageBytesBeforeAuthentication + 1, init));
      expect(await large.closed).toBe(CLOSE_CODES.MESSAGE_TOO_BIG.code);
      expect(large.messages).toEqual([]);
    });

    test('of who is known may have 1 MiB', async () => {
      const socket = await connected();
      socket.send(messageOf(API_LIMITS.maxSocketMessageBytes, { type: 'ping' }));
      await socket.until(({ type }) => type === 'pong');
      socket.send(messageOf(API_LIMITS.maxSocketMessageBytes + 1, { type: 'ping' }));
      expect(await socket.closed).toBe(1009);
    });
  });

  test('a socket that never says who it is lives for 3 s', async () => {
    // Before it is opened: on a busy machine its time has begun when the client learns that it is open.
    const beganAt = performance.now();
    const socket = unknown();
    await socket.open();
    expect(await socket.closed).toBe(4408);
    const livedMs = performance.now() - beganAt;
    expect(livedMs).toBeGreaterThan(API_LIMITS.connectionInitTimeoutMs - 100);
    expect(livedMs).toBeLessThan(API_LIMITS.connectionInitTimeoutMs + 3000);
  });

  test('a token may have 64 sockets, and the next when one has ended', async () => {
    const { api, token: owner } = place();
    const input = { name: 'sockets', scopes: ['READ'], idempotencyKey: crypto.randomUUID() };
    const { token } = (await api.ask(NEW_TOKEN, { token: owner, variables: { input } })).data.createApiToken;
    const sockets = await Promise.all(
      Array.from({ length: API_LIMITS.maxSocketsPerPrincipal }, () => connected({ token })),
    );
    const tooMany = unknown();
    await tooMany.open();
    tooMany.send({ type: 'connection_init', payload: { token } });
    expect(await tooMany.closed).toBe(CLOSE_CODES.TOO_MANY_SOCKETS.code);
    await sockets[0]!.end();
    await sockets[1]!.flushed();
    expect(await isServed(await connected({ token }))).toBe(true);
  });
}
