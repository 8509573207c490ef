import { API_LIMITS, type CloseReason } from '@pilothouse/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { LiveSockets, type LiveSocket } from './live-sockets.js';
import type { Revocation } from './revocation.repository.js';

let revoke: (revocation: Revocation) => void;
let goBlind: () => void;
let sockets: LiveSockets;
let closed: [string, CloseReason][];
beforeEach(() => {
  closed = [];
  sockets = new LiveSockets({
    onRevoked: (listener) => void (revoke = listener),
    onBlind: (listener) => void (goBlind = listener),
  });
});

const add = (name: string, fields: Partial<LiveSocket> = {}) =>
  sockets.add({
    address: '192.0.2.1',
    principal: name,
    keepsRights: async () => false,
    close: (reason) => void closed.push([name, reason]),
    ...fields,
  });

/** Every answer of `keepsRights` has been acted upon. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a revocation', () => {
  test.each([
    ['USER', 'u', ['by user', 'by session', 'by token'], 'RIGHTS_CHANGED'],
    ['MEMBERSHIP', 'u', ['by user', 'by session', 'by token'], 'RIGHTS_CHANGED'],
    ['SESSION', 's', ['by session'], 'RIGHTS_CHANGED'],
    ['API_TOKEN', 't', ['by token'], 'RIGHTS_CHANGED'],
    ['SERVER', 'v', ['by server'], 'REVOKED'],
    ['SERVER', 'u', [], 'REVOKED'],
    ['USER', 's', [], 'RIGHTS_CHANGED'],
  ] as const)('of %s %s closes those that live by it', async (kind, subjectId, names, reason) => {
    add('by user', { userId: 'u' });
    add('by session', { userId: 'u', sessionId: 's' });
    add('by token', { userId: 'u', apiTokenId: 't' });
    add('by server', { serverId: 'v' });
    add('of nobody', { userId: null, sessionId: null, apiTokenId: null });
    revoke({ kind, subjectId });
    await settled();
    expect(closed).toEqual(names.map((name) => [name, reason]));
  });

  test('that is heard of late closes no socket whose rights are newer', async () => {
    add('opened since', { sessionId: 's', keepsRights: async () => true });
    revoke({ kind: 'SESSION', subjectId: 's' });
    await settled();
    expect(closed).toEqual([]);
  });

  test('closes sockets whose rights cannot be read, without telling an agent that it is revoked', async () => {
    const keepsRights = () => Promise.reject(new Error('The database is away'));
    add('a person', { sessionId: 's', keepsRights });
    add('an agent', { serverId: 'v', keepsRights });
    revoke({ kind: 'SESSION', subjectId: 's' });
    revoke({ kind: 'SERVER', subjectId: 'v' });
    await settled();
    expect(closed).toEqual([
      ['a person', 'RIGHTS_CHANGED'],
      ['an agent', 'SHUTTING_DOWN'],
    ]);
  });

  test('closes no socket that is forgotten', async () => {
    add('gone', { userId: 'u' })!();
    revoke({ kind: 'USER', subjectId: 'u' });
    await settled();
    expect(closed).toEqual([]);
    expect(sockets.count).toBe(0);
  });
});

test('all sockets are closed when rights cannot be read', () => {
  add('one');
  add('two');
  goBlind();
  expect(closed).toEqual([
    ['one', 'RIGHTS_CHANGED'],
    ['two', 'RIGHTS_CHANGED'],
  ]);
});

test('a principal may have 64 sockets, and another when one ends', () => {
  const forget = Array.from({ length: API_LIMITS.maxSocketsPerPrincipal }, () => add('busy'));
  expect(add('busy')).toBeUndefined();
  expect(add('other')).toBeDefined();
  forget[0]!();
  expect(add('busy')).toBeDefined();
});

test('an address may have 2,500 sockets, and another when one ends, counted once', () => {
  const release = Array.from({ length: API_LIMITS.maxSocketsPerAddress }, () => sockets.admitAddress('192.0.2.1'));
  expect(sockets.admitAddress('192.0.2.1')).toBeUndefined();
  expect(sockets.admitAddress('192.0.2.2')).toBeDefined();
  release[0]!();
  release[0]!();
  expect(sockets.admitAddress('192.0.2.1')).toBeDefined();
  expect(sockets.admitAddress('192.0.2.1')).toBeUndefined();
});
