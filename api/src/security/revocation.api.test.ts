import {
  CHALLENGE_HEADER,
  CLOSE_CODES,
  generateEphemeralKey,
  generateSigningKey,
  signHello,
} from '@pilothouse/protocol';
import { seedServer } from '@pilothouse/db/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readKeys } from '../main/installation/installation.js';
import { TestApi } from '../testing/index.js';
import { seedApiToken, seedMember, type Person } from './testing/callers.js';
import { RawSocket } from './testing/raw-socket.js';

/** The replica where rights are taken away, and one that learns of it from the database alone: its bus is its own. */
let here: TestApi;
let there: TestApi;
let workspaceId: string;
let admin: Person;
let person: Person;
const open: RawSocket[] = [];

beforeAll(async () => {
  here = await TestApi.start();
  there = await TestApi.start({ replicaOf: here });
  ({ workspaceId } = await here.setUp());
});
beforeEach(async () => {
  admin = await seedMember(here, workspaceId, 'OWNER');
  person = await seedMember(here, workspaceId, 'OPERATOR');
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((socket) => socket.end()));
});
afterAll(async () => {
  await there.stop();
  await here.stop();
});

/** A socket in the middle of a subscription. */
async function following(api: TestApi, token: string): Promise<RawSocket> {
  const socket = await RawSocket.connected(api.origin, { token, workspaceId });
  open.push(socket);
  socket.subscribe({ query: 'subscription { serverChanged(afterSeq: 0) { seq } }' });
  const probe = socket.subscribe({ query: '{ workspace { id } }' });
  expect((await socket.firstOf(probe)).payload.data.workspace.id).toBe(workspaceId);
  return socket;
}

const asAdmin = async (query: string, variables: Record<string, unknown> = {}) => {
  const { code, message, data } = await here.ask(query, { token: admin.token, workspaceId, variables });
  expect(code, message).toBeUndefined();
  return data;
};

const within2s = <T>(event: Promise<T>) =>
  Promise.race([event, new Promise<string>((resolve) => setTimeout(resolve, 2000, 'still open after 2 s').unref())]);

const CHANGES: Readonly<Record<string, (of: Person) => Promise<unknown>>> = {
  'the session is ended by its person': ({ token }) =>
    here.ask('mutation { signOut { __typename } }', { token, workspaceId }),
  'all sessions are ended by their person': ({ token }) =>
    here.ask('mutation { signOutEverywhere { __typename } }', { token, workspaceId }),
  'the account is disabled': ({ userId }) => here.controlPlane.features.people.disableAccount(`${userId}@example.test`),
  'the role is lowered': ({ userId }) =>
    asAdmin('mutation ($userId: ID!) { changeMemberRole(input: { personId: $userId, role: VIEWER }) { __typename } }', {
      userId,
    }),
  'the role is raised': ({ userId }) =>
    asAdmin('mutation ($userId: ID!) { changeMemberRole(input: { personId: $userId, role: ADMIN }) { __typename } }', {
      userId,
    }),
  'the person is removed from the workspace': ({ userId }) =>
    asAdmin('mutation ($userId: ID!) { removeMember(input: { personId: $userId }) { __typename } }', { userId }),
  'the person leaves the workspace': ({ token }) =>
    here.ask('mutation { leaveWorkspace { __typename } }', { token, workspaceId }),
  'a right on a server is added': ({ userId }) =>
    asAdmin(
      'mutation ($userId: ID!) { grantOnServer(input: { personId: $userId, role: OPERATOR, tag: "web" }) { __typename } }',
      { userId },
    ),
};

describe('live sockets on both replicas are cut within 2 s when', () => {
  test.each(Object.entries(CHANGES))('%s', async (_what, change) => {
    const sockets = await Promise.all([here, there].map((api) => following(api, person.token)));
    const others = await Promise.all([here, there].map((api) => following(api, admin.token)));
    await change(person);
    expect(await Promise.all(sockets.map(({ closed }) => within2s(closed)))).toEqual([4607, 4607]);
    await Promise.all(others.map((socket) => socket.flushed()));
    expect(others.map(({ socket }) => socket.readyState)).toEqual([1, 1]);
  });

  test('the role is lowered, but not those opened with the new role before the replica heard of it', async () => {
    const before = await following(there, person.token);
    await CHANGES['the role is lowered']!(person);
    const since = await following(there, person.token);
    expect(await within2s(before.closed)).toBe(4607);
    await since.flushed();
    expect(since.socket.readyState).toBe(1);
  });

  test('an API token is revoked', async () => {
    const { token, apiTokenId } = await seedApiToken(here, workspaceId, ['READ']);
    const sockets = await Promise.all([here, there].map((api) => following(api, token)));
    await asAdmin('mutation ($id: ID!) { revokeApiToken(input: { apiTokenId: $id }) { __typename } }', {
      id: apiTokenId,
    });
    expect(await Promise.all(sockets.map(({ closed }) => within2s(closed)))).toEqual([4607, 4607]);
  });

  test('the person of an API token is removed from the workspace', async () => {
    const { token, userId } = await seedApiToken(here, workspaceId, ['READ']);
    const sockets = await Promise.all([here, there].map((api) => following(api, token)));
    await asAdmin('mutation ($userId: ID!) { removeMember(input: { personId: $userId }) { __typename } }', { userId });
    expect(await Promise.all(sockets.map(({ closed }) => within2s(closed)))).toEqual([4607, 4607]);
  });

  test.each(['here', 'there'])('a server is revoked whose agent is connected %s', async (where) => {
    const api = where === 'here' ? here : there;
    const key = generateSigningKey();
    const agentId = uuidv7();
    const { serverId } = await seedServer(here.db, workspaceId, { identity: { agentId, publicKey: key.publicKey } });
    const agent = new RawSocket(api.origin, { path: '/agent' });
    await agent.open();
    const { controlPlane } = await readKeys(here.stateDir);
    await agent.init(
      signHello(key, {
        versions: { min: 1, max: 1 },
        agentId,
        challenge: String(agent.headers[CHALLENGE_HEADER]),
        controlPlaneKeyId: controlPlane.keyId,
        audience: api.origin,
        ephemeralKey: generateEphemeralKey().publicKey,
        instanceId: uuidv7(),
        bootId: 'boot',
        agentVersion: '0.1.0',
      }),
    );
    await asAdmin('mutation ($id: ID!) { revokeServer(input: { serverId: $id }) { __typename } }', { id: serverId });
    expect(await within2s(agent.closed)).toBe(CLOSE_CODES.REVOKED.code);
  });
});

test('a revoked credential opens nothing afterwards, on any replica', async () => {
  await CHANGES['the session is ended by its person']!(person);
  for (const api of [here, there]) {
    expect((await api.ask('{ workspace { id } }', { token: person.token, workspaceId })).code).toBe('UNAUTHENTICATED');
    const socket = await RawSocket.connected(api.origin, { token: person.token, workspaceId });
    open.push(socket);
    const id = socket.subscribe({ query: '{ workspace { id } }' });
    expect((await socket.firstOf(id)).payload.errors[0].extensions.code).toBe('UNAUTHENTICATED');
  }
});
