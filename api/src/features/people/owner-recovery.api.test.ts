import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { PeopleHarness, seedPerson, type SeededPerson } from '../../testing/people-harness.js';

const CREATE = `mutation ($input: CreateApiTokenInput!) {
  createApiToken(input: $input) { ... on ApiTokenCreated { token apiToken { id } } } }`;
const NEW_PASSWORD = 'an altogether different one';

let harness: PeopleHarness;
let owner: SeededPerson;
/** Of somebody else, who is no part of any of this. */
let bystander: SeededPerson;

beforeAll(async () => void (harness = await PeopleHarness.start()));
beforeEach(async () => {
  owner = await seedPerson(harness);
  bystander = await seedPerson(harness);
});
afterAll(() => harness.stop());

async function makeToken({ token: credential }: SeededPerson, workspaceId?: string) {
  const input = { name: 'ci', scopes: ['READ'], idempotencyKey: crypto.randomUUID() };
  const answer = await harness.ask(CREATE, { credential, variables: { input }, ...(workspaceId && { workspaceId }) });
  return answer.data.createApiToken as { token: string; apiToken: { id: string } };
}

async function works({ token: credential }: { token: string }): Promise<boolean> {
  const presented = { credential, workspaceId: null, address: '', userAgent: '', requestId: '' };
  return (await harness.people.authenticator.authenticate(presented)).actor.kind === 'API_TOKEN';
}

/** Makes the owner a member of the bystander's workspace too. */
const joinBystander = () =>
  harness.sql(`insert into memberships (workspace_id, user_id, role, created_at) values ($1, $2, 'VIEWER', now())`, [
    bystander.workspaceId,
    owner.userId,
  ]);

const ended = () =>
  harness.sql<{ id: string }>(`select subject_id as id from revocations where kind = 'API_TOKEN' order by 1`);

const recorded = async () => {
  const [entry] = await harness.sql<{ detail: string }>(
    `select detail from audit_entries where action = 'owner-recovered' and target_id = $1`,
    [owner.userId],
  );
  return JSON.parse(entry!.detail) as { apiTokensEnded: string[] };
};

test('recovering an owner ends their API tokens in every workspace, cuts their sockets, and nobody else’s', async () => {
  await joinBystander();
  const tokens = [await makeToken(owner), await makeToken(owner, bystander.workspaceId)];
  const foreign = await makeToken(bystander);
  expect(await Promise.all([...tokens, foreign].map(works))).toEqual([true, true, true]);
  await harness.people.recoverOwner(owner.email, NEW_PASSWORD);
  expect(await Promise.all([...tokens, foreign].map(works))).toEqual([false, false, true]);
  const ids = tokens.map(({ apiToken }) => apiToken.id);
  expect(new Set((await ended()).map(({ id }) => id))).toEqual(new Set(ids));
  expect(new Set((await recorded()).apiTokensEnded)).toEqual(new Set(ids));
});

test('they stay where the operator says so', async () => {
  const token = await makeToken(owner);
  const before = await ended();
  await harness.people.recoverOwner(owner.email, NEW_PASSWORD, { keepApiTokens: true });
  expect(await works(token)).toBe(true);
  expect(await ended()).toEqual(before);
  expect((await recorded()).apiTokensEnded).toEqual([]);
});

test('one that had ended before keeps the time of its end', async () => {
  const { apiToken } = await makeToken(owner);
  const times = () => harness.sql('select revoked_at from api_tokens where id = $1', [apiToken.id]);
  await harness.people.recoverOwner(owner.email, NEW_PASSWORD);
  const before = await times();
  harness.pass(60_000);
  await harness.people.recoverOwner(owner.email, NEW_PASSWORD);
  expect(await times()).toEqual(before);
});
