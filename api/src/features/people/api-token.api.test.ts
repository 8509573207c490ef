import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isApiToken } from '../../kernel/random-token.js';
import { PeopleHarness, seedPerson, type SeededPerson } from '../../testing/people-harness.js';

const CREATE = `mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { __typename
  ... on ApiTokenCreated { token apiToken { id name hint scopes expiresAt lastUsedAt person { id } } }
  ... on ApiTokenAlreadyMade { apiTokenId } ... on QuotaReached { limit quota code } } }`;
const LIST =
  'query ($first: Int, $after: String) { apiTokens(first: $first, after: $after) { nodes { id name lastUsedAt } pageInfo { hasNextPage endCursor } } }';
const REVOKE = 'mutation ($id: ID!) { revokeApiToken(input: { apiTokenId: $id }) { ... on ApiTokenRevoked { id } } }';
const DAY_MS = 24 * 60 * 60 * 1000;

let harness: PeopleHarness;
let owner: SeededPerson;
beforeAll(async () => void (harness = await PeopleHarness.start()));
beforeEach(async () => void (owner = await seedPerson(harness)));
afterAll(() => harness.stop());

const create = (input: object = {}, credential = owner.token) =>
  harness.ask(CREATE, {
    credential,
    variables: { input: { name: 'ci', scopes: ['READ'], idempotencyKey: crypto.randomUUID(), ...input } },
  });
const made = async (input: object = {}, credential = owner.token) =>
  (await create(input, credential)).data.createApiToken as { token: string; apiToken: { id: string } };
const list = async (credential = owner.token) => (await harness.ask(LIST, { credential })).data.apiTokens.nodes;
const contextOf = (credential: string, workspaceId: string | null = null) =>
  harness.people.authenticator.authenticate({ credential, workspaceId, address: '', userAgent: '', requestId: '' });

test('a token is shown once and stored as its hash', async () => {
  const { token, apiToken } = await made({ scopes: ['RUN', 'READ', 'RUN'] });
  expect(isApiToken(token)).toBe(true);
  expect(apiToken).toMatchObject({ name: 'ci', hint: token.slice(-4), scopes: ['READ', 'RUN'], lastUsedAt: null });
  expect(await list()).toEqual([{ id: apiToken.id, name: 'ci', lastUsedAt: null }]);
  const stored = JSON.stringify([
    await harness.sql('select to_jsonb(t) from api_tokens t'),
    await harness.sql('select to_jsonb(t) from audit_entries t'),
  ]);
  expect(stored).not.toContain(token);
  expect(stored).toContain('api-token-created');
});

test('the same idempotency key never makes a second token', async () => {
  const first = await made({ idempotencyKey: 'same' });
  expect((await create({ idempotencyKey: 'same' })).data.createApiToken).toEqual({
    __typename: 'ApiTokenAlreadyMade',
    apiTokenId: first.apiToken.id,
  });
  expect(await list()).toHaveLength(1);
});

test.each([
  ['no scope', { scopes: [] }],
  ['an empty name', { name: ' ' }],
  ['a NUL byte in the name', { name: 'a\0' }],
  ['a name of 101 characters', { name: 'x'.repeat(101) }],
  ['0 days', { expiresInDays: 0 }],
  ['367 days', { expiresInDays: 367 }],
  ['an empty idempotency key', { idempotencyKey: '' }],
])('refuses %s', async (_what, wrong) => {
  expect((await create(wrong)).code).toBe('BAD_USER_INPUT');
  expect(await list()).toEqual([]);
});

test('a person may hold 100 tokens, not 101', async () => {
  await harness.sql(
    `insert into api_tokens (id, workspace_id, user_id, name, token_hash, hint, scopes, created_at)
     select gen_random_uuid(), $1, $2, 'n', sha256(gen_random_uuid()::text::bytea), 'abcd', '{READ}', now() from generate_series(1, 99)`,
    [owner.workspaceId, owner.userId],
  );
  expect((await create()).data.createApiToken.__typename).toBe('ApiTokenCreated');
  expect((await create()).data.createApiToken).toEqual({
    __typename: 'QuotaReached',
    code: 'QUOTA_REACHED',
    quota: 'API_TOKENS',
    limit: 100,
  });
});

test('tokens are listed page by page, the newest first', async () => {
  for (const name of ['one', 'two', 'three']) {
    harness.pass(1);
    await create({ name });
  }
  const page = async (after: string | null) =>
    (await harness.ask(LIST, { credential: owner.token, variables: { first: 2, after } })).data.apiTokens;
  const first = await page(null);
  const second = await page(first.pageInfo.endCursor);
  expect([...first.nodes, ...second.nodes].map((node) => node.name)).toEqual(['three', 'two', 'one']);
  expect(second.pageInfo.hasNextPage).toBe(false);
});

describe('a token in use', () => {
  test("acts in its workspace with its person's role of the moment, within its scopes", async () => {
    const { token, apiToken } = await made({ scopes: ['READ', 'RUN'] });
    expect(await contextOf(token)).toMatchObject({
      actor: { kind: 'API_TOKEN', id: apiToken.id, userId: owner.userId, scopes: ['READ', 'RUN'] },
      workspaceId: owner.workspaceId,
      role: 'OWNER',
    });
    await harness.sql(`update memberships set role = 'VIEWER' where user_id = $1`, [owner.userId]);
    expect(await contextOf(token)).toMatchObject({ role: 'VIEWER' });
    await harness.sql('delete from memberships where user_id = $1', [owner.userId]);
    expect(await contextOf(token)).toMatchObject({ actor: { kind: 'ANONYMOUS' } });
  });

  test('is nobody in another workspace, even one of its person', async () => {
    const { token } = await made();
    const other = await seedPerson(harness);
    expect(await contextOf(token, owner.workspaceId)).toMatchObject({ role: 'OWNER' });
    expect(await contextOf(token, other.workspaceId)).toMatchObject({ workspaceId: null, role: null, grants: [] });
  });

  test('ends to the millisecond', async () => {
    const { token } = await made({ expiresInDays: 1 });
    harness.pass(DAY_MS - 1);
    expect((await contextOf(token)).actor.kind).toBe('API_TOKEN');
    harness.pass(1);
    expect((await contextOf(token)).actor.kind).toBe('ANONYMOUS');
  });

  test('has its last use written once a minute at most', async () => {
    const { token, apiToken } = await made();
    const lastUse = async () =>
      (await harness.sql<{ at: Date }>('select last_used_at as at from api_tokens where id = $1', [apiToken.id]))[0]
        ?.at;
    await contextOf(token);
    const first = harness.now();
    expect(await lastUse()).toEqual(first);
    harness.pass(59_999);
    await contextOf(token);
    expect(await lastUse()).toEqual(first);
    harness.pass(1);
    await contextOf(token);
    expect(await lastUse()).toEqual(harness.now());
  });

  test('may neither look at its person nor make tokens', async () => {
    const { token } = await made({ scopes: ['READ', 'RUN', 'MANAGE'] });
    for (const document of ['{ me { totpEnabled } }', LIST, 'mutation { signOutEverywhere { __typename } }']) {
      expect((await harness.ask(document, { credential: token })).code).toBe('FORBIDDEN');
    }
    expect((await create({}, token)).code).toBe('FORBIDDEN');
  });
});

describe('revoking', () => {
  const revoke = (id: string, credential = owner.token) => harness.ask(REVOKE, { credential, variables: { id } });

  test('ends the token at once and tells every replica', async () => {
    const { token, apiToken } = await made();
    expect((await revoke(apiToken.id)).data).toEqual({ revokeApiToken: { id: apiToken.id } });
    expect((await contextOf(token)).actor.kind).toBe('ANONYMOUS');
    expect(await list()).toEqual([]);
    expect(await harness.sql('select kind from revocations where subject_id = $1', [apiToken.id])).toEqual([
      { kind: 'API_TOKEN' },
    ]);
    expect((await revoke(apiToken.id)).code).toBe('NOT_FOUND');
  });

  test('an admin sees and revokes the tokens of the workspace, others only their own', async () => {
    const { workspaceId } = owner;
    const viewer = await seedPerson(harness, { workspaceId, role: 'VIEWER' });
    const operator = await seedPerson(harness, { workspaceId, role: 'OPERATOR' });
    const admin = await seedPerson(harness, { workspaceId, role: 'ADMIN' });
    const { apiToken } = await made({ name: 'of the viewer' }, viewer.token);
    expect(await list(operator.token)).toEqual([]);
    expect((await revoke(apiToken.id, operator.token)).code).toBe('NOT_FOUND');
    expect(await list(viewer.token)).toHaveLength(1);
    expect(await list(admin.token)).toHaveLength(1);
    expect((await revoke(apiToken.id, admin.token)).code).toBeUndefined();
  });

  test('another workspace cannot see or revoke a token, and learns nothing by trying', async () => {
    const { token, apiToken } = await made();
    const stranger = await seedPerson(harness);
    expect(await list(stranger.token)).toEqual([]);
    const foreign = await revoke(apiToken.id, stranger.token);
    const unknown = await revoke(crypto.randomUUID(), stranger.token);
    const malformed = await revoke("'; drop table api_tokens; --", stranger.token);
    expect(foreign).toMatchObject({ code: 'NOT_FOUND' });
    expect([unknown, malformed]).toEqual([foreign, foreign]);
    expect((await contextOf(token)).actor.kind).toBe('API_TOKEN');
  });
});
