import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TokenScope } from '../kernel/authorisation/index.js';
import { TestApi } from '../testing/index.js';
import { seedApiToken, seedEmptyWorkspace, seedMember } from './testing/callers.js';
import { RawSocket } from './testing/raw-socket.js';
import { TRANSPORTS } from './testing/transports.js';

const CREATE = `mutation ($input: CreateServerGroupInput!) { createServerGroup(input: $input) { __typename ... on ServerGroup { id name } } }`;
const ADD = `mutation ($input: CreateServerInput!) { createServer(input: $input) { __typename ... on ServerEnrolment { server { id } } } }`;
const SCOPES: readonly TokenScope[] = ['READ', 'RUN', 'MANAGE'];

/**
 * The owner of another workspace of the same installation, who may do everything there.
 *
 * Beside it stand `tenancy.api.test.ts` (every field with every id and cursor of the neighbour's),
 * `authorisation.api.test.ts` (every field by every kind of caller), `features/servers/server.targets.db.test.ts` (no
 * set of targets reaches further than its caller) and `db/src/rls/tenancy.db.test.ts` (the rows themselves).
 */
describe('a hostile user of another workspace', () => {
  let api: TestApi;
  let home: string;
  let hostile: string;
  let resident: { token: string };
  let neighbour: { token: string };

  beforeAll(async () => {
    api = await TestApi.start();
    const owner = await api.setUp();
    home = owner.workspaceId;
    resident = owner;
    hostile = await seedEmptyWorkspace(api, 'Hostile');
    neighbour = await seedMember(api, hostile, 'OWNER');
  });
  afterAll(() => api.stop());

  const create = (token: string, input: { name: string; idempotencyKey: string }) =>
    api.ask(CREATE, { token, variables: { input } }).then(({ data }) => data.createServerGroup);

  describe.each(TRANSPORTS)('over $name', ({ call }) => {
    it.each(['a session', 'an API token'])('does not get in by naming the workspace with %s', async (kind) => {
      const { token } = kind === 'a session' ? neighbour : await seedApiToken(api, hostile, SCOPES);
      const [named, unknown] = [await call(api.origin, token, home), await call(api.origin, token, randomUUID())];
      for (const query of ['{ workspace { id name } }', '{ servers(first: 1) { nodes { id } } }', '{ me { role } }']) {
        const [there, nowhere] = [await named.ask({ query }), await unknown.ask({ query })];
        const told = ({ data, errors }: typeof there) => ({
          data,
          errors: errors?.map(({ message, extensions }) => [message, extensions.code]),
        });
        expect(told(there)).toEqual(told(nowhere));
        expect(JSON.stringify(there)).not.toContain(home);
      }
      await Promise.all([named.end(), unknown.end()]);
    });
  });

  it('neither learns of names and idempotency keys that are in use, nor gets what they stand for', async () => {
    const key = { name: 'web', idempotencyKey: 'deploy-1' };
    const [theirs, own] = [await create(resident.token, key), await create(neighbour.token, key)];
    expect(own).toEqual({ __typename: 'ServerGroup', id: expect.any(String), name: 'web' });
    expect(own.id).not.toBe(theirs.id);
    expect(await create(neighbour.token, key)).toEqual(own);
  });

  it('is told of changes of their own only, while there are others', async () => {
    const query = 'subscription { serverChanged(afterSeq: 0) { seq serverId } }';
    const socket = await RawSocket.connected(api.origin, { token: neighbour.token });
    const id = socket.subscribe({ query });
    const add = async (token: string) => {
      const input = { name: randomUUID(), profile: 'FULL_ACCESS', idempotencyKey: randomUUID() };
      const { data } = await api.ask(ADD, { token, variables: { input } });
      return data.createServer.server.id as string;
    };
    for (let count = 0; count < 5; count += 1) await add(resident.token);
    const own = await add(neighbour.token);
    await socket.until((message) => message.id === id && JSON.stringify(message).includes(own));
    const told = socket.messages
      .filter((message) => message.id === id)
      .map(({ payload }) => payload.data.serverChanged);
    expect(new Set(told.map(({ serverId }) => serverId))).toEqual(new Set([own]));
    await socket.end();
  });
});
