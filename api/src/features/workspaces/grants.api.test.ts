import { seedServer } from '@pilothouse/db/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { seedPerson, type PeopleHarness, type SeededPerson } from '../../testing/people-harness.js';
import { audited, revocationsOf, startWorkspaces } from '../../testing/workspaces-harness.js';

const GRANT = `mutation ($input: GrantOnServerInput!) { grantOnServer(input: $input) {
  __typename ... on ServerGrant { id role serverId tag person { id } } ... on QuotaReached { quota limit } } }`;
const LIST =
  'query ($first: Int, $after: String) { serverGrants(first: $first, after: $after) { nodes { id tag } pageInfo { hasNextPage endCursor } } }';
const REVOKE =
  'mutation ($id: ID!) { revokeServerGrant(input: { serverGrantId: $id }) { ... on ServerGrantRevoked { id } } }';

let harness: PeopleHarness;
let owner: SeededPerson;
let viewer: SeededPerson;
let serverId: string;
beforeAll(async () => void (harness = await startWorkspaces()));
beforeEach(async () => {
  owner = await seedPerson(harness);
  viewer = await seedPerson(harness, { workspaceId: owner.workspaceId, role: 'VIEWER' });
  serverId = (await seedServer(harness.db, owner.workspaceId)).serverId;
});
afterAll(() => harness.stop());

const grant = (input: object, by = owner) =>
  harness.ask(GRANT, {
    credential: by.token,
    variables: { input: { personId: viewer.userId, role: 'OPERATOR', ...input } },
  });
const grantsOf = async ({ token }: SeededPerson) =>
  (
    await harness.people.authenticator.authenticate({
      credential: token,
      workspaceId: null,
      address: '',
      userAgent: '',
      requestId: '',
    })
  ).grants;

test('a grant adds a right on one server or one tag, ends sockets and goes on record', async () => {
  expect((await grant({ serverId })).data.grantOnServer).toMatchObject({ role: 'OPERATOR', serverId, tag: null });
  expect((await grant({ tag: ' web ', role: 'ADMIN' })).data.grantOnServer).toMatchObject({
    serverId: null,
    tag: 'web',
  });
  expect(await grantsOf(viewer)).toEqual(
    expect.arrayContaining([
      { role: 'OPERATOR', serverId, tag: null },
      { role: 'ADMIN', serverId: null, tag: 'web' },
    ]),
  );
  expect(await revocationsOf(harness, viewer.userId)).toEqual([{ kind: 'MEMBERSHIP' }, { kind: 'MEMBERSHIP' }]);
  expect(await audited(harness, owner.workspaceId)).toEqual(['grant-added', 'grant-added']);
});

test('granting the same again changes nothing, also at once', async () => {
  const answers = await Promise.all([grant({ tag: 'web' }), grant({ tag: 'web' }), grant({ tag: 'web' })]);
  expect(new Set(answers.map(({ data }) => data.grantOnServer.id)).size).toBe(1);
  expect(await grantsOf(viewer)).toHaveLength(1);
  expect(await audited(harness, owner.workspaceId)).toHaveLength(1);
});

test('a revoked grant is gone at once', async () => {
  const { id } = (await grant({ serverId })).data.grantOnServer;
  const revoke = () => harness.ask(REVOKE, { credential: owner.token, variables: { id } });
  expect((await revoke()).data).toEqual({ revokeServerGrant: { id } });
  expect(await grantsOf(viewer)).toEqual([]);
  expect((await revoke()).code).toBe('NOT_FOUND');
  expect(await audited(harness, owner.workspaceId)).toEqual(['grant-added', 'grant-revoked']);
});

test('grants are listed page by page', async () => {
  for (const tag of ['a', 'b', 'c']) await grant({ tag });
  const page = async (after: string | null) =>
    (await harness.ask(LIST, { credential: viewer.token, variables: { first: 2, after } })).data.serverGrants;
  const first = await page(null);
  const second = await page(first.pageInfo.endCursor);
  expect([...first.nodes, ...second.nodes].map((node) => node.tag)).toEqual(['a', 'b', 'c']);
});

test.each([
  ['neither server nor tag', () => ({})],
  ['both server and tag', () => ({ serverId, tag: 'web' })],
  ['an empty tag', () => ({ tag: ' ' })],
  ['a tag with a NUL byte', () => ({ tag: 'a\0' })],
  ['the role owner', () => ({ tag: 'web', role: 'OWNER' })],
])('refuses %s', async (_what, input) => {
  expect((await grant(input())).code).toMatch(/BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED/);
  expect(await grantsOf(viewer)).toEqual([]);
});

test.each(['VIEWER', 'DEPLOYER', 'OPERATOR'] as const)('a member with the role %s grants nothing', async (role) => {
  const member = await seedPerson(harness, { workspaceId: owner.workspaceId, role });
  expect((await grant({ tag: 'web' }, member)).code).toBe('FORBIDDEN');
});

test('a grant of admin on a server gives no rights over members', async () => {
  await grant({ tag: 'web', role: 'ADMIN' });
  expect((await grant({ tag: 'db', role: 'ADMIN' }, viewer)).code).toBe('FORBIDDEN');
});

test('a member may have 100 grants, not 101', async () => {
  await harness.sql(
    `insert into grants (id, workspace_id, user_id, role, tag, created_at)
     select gen_random_uuid(), $1, $2, 'DEPLOYER', 'tag ' || n, now() from generate_series(1, 99) n`,
    [owner.workspaceId, viewer.userId],
  );
  expect((await grant({ tag: 'web' })).data.grantOnServer.__typename).toBe('ServerGrant');
  expect((await grant({ tag: 'db' })).data.grantOnServer).toEqual({
    __typename: 'QuotaReached',
    quota: 'SERVER_GRANTS',
    limit: 100,
  });
});

describe('another workspace', () => {
  test('cannot be granted on, nor grant to members of this one, nor revoke here', async () => {
    const stranger = await seedPerson(harness);
    const { serverId: theirs } = await seedServer(harness.db, stranger.workspaceId);
    expect((await grant({ serverId: theirs })).code).toBe('NOT_FOUND');
    expect((await grant({ serverId: 'no id' })).code).toBe('NOT_FOUND');
    expect((await grant({ tag: 'web', personId: stranger.userId })).code).toBe('NOT_FOUND');
    expect((await grant({ tag: 'web' }, stranger)).code).toBe('NOT_FOUND');
    const { id } = (await grant({ serverId })).data.grantOnServer;
    expect((await harness.ask(REVOKE, { credential: stranger.token, variables: { id } })).code).toBe('NOT_FOUND');
    expect((await harness.ask(LIST, { credential: stranger.token })).data.serverGrants.nodes).toEqual([]);
    expect(await grantsOf(viewer)).toHaveLength(1);
  });

  test('a deleted server cannot be granted on', async () => {
    await harness.sql('update servers set deleted_at = now() where id = $1', [serverId]);
    expect((await grant({ serverId })).code).toBe('NOT_FOUND');
  });
});
