import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { randomApiToken, randomToken } from '../../kernel/random-token.js';
import { PeopleHarness, seedPerson, type SeededPerson } from '../../testing/people-harness.js';

let harness: PeopleHarness;
let person: SeededPerson;
beforeAll(async () => void (harness = await PeopleHarness.start()));
beforeEach(async () => void (person = await seedPerson(harness)));
afterAll(() => harness.stop());

const STRANGER = {
  actor: { kind: 'ANONYMOUS', id: null },
  workspaceId: null,
  role: null,
  grants: [],
  credential: null,
};

const contextOf = (credential: string | null, workspaceId: string | null = null) =>
  harness.people.authenticator.authenticate({
    credential,
    workspaceId,
    address: '192.0.2.1',
    userAgent: 'tests',
    requestId: 'the request',
  });

/** Joins another workspace later than the first one. */
async function joinAnother(): Promise<string> {
  harness.pass(1000);
  const { workspaceId } = await seedPerson(harness);
  await harness.sql(`insert into memberships values ($1, $2, 'VIEWER', $3)`, [
    workspaceId,
    person.userId,
    harness.now(),
  ]);
  return workspaceId;
}

test('a session is its person, with the credential where no log prints it', async () => {
  const ctx = await contextOf(person.token);
  expect(ctx).toMatchObject({
    requestId: 'the request',
    actor: { kind: 'USER', id: person.userId, sessionId: person.sessionId },
    workspaceId: person.workspaceId,
    role: 'OWNER',
    grants: [],
  });
  expect(ctx.credential?.reveal()).toBe(person.token);
  expect(JSON.stringify(ctx) + inspect(ctx)).not.toContain(person.token);
});

test.each([
  ['nothing', null],
  ['an empty text', ''],
  ['a word', 'token'],
  ['a session token cut short', randomToken().slice(1)],
  ['an API token with a wrong digit', `${randomApiToken().slice(0, -1)}!`],
  [
    'an API token with a wrong checksum',
    randomApiToken().replace(/^phk_./, (start) => (start === 'phk_A' ? 'phk_B' : 'phk_A')),
  ],
  ['an SQL text', "' or true --"],
])('%s is a stranger and costs no query', async (_what, credential) => {
  const lookUp = vi.spyOn(harness.database, 'lookUp');
  expect(await contextOf(credential)).toMatchObject(STRANGER);
  expect(lookUp).not.toHaveBeenCalled();
  lookUp.mockRestore();
});

test.each([
  ['session', randomToken()],
  ['API', randomApiToken()],
])('an unknown %s token is a stranger', async (_kind, credential) => {
  expect(await contextOf(credential)).toMatchObject(STRANGER);
});

test('a request costs one query', async () => {
  await contextOf(person.token);
  const [lookUp, write] = [vi.spyOn(harness.database, 'lookUp'), vi.spyOn(harness.database, 'write')];
  await contextOf(person.token);
  expect([lookUp.mock.calls.length, write.mock.calls.length]).toEqual([1, 0]);
  vi.restoreAllMocks();
});

test('without a wish the workspace joined first is meant; every other one of theirs can be asked for', async () => {
  const other = await joinAnother();
  expect(await contextOf(person.token)).toMatchObject({ workspaceId: person.workspaceId, role: 'OWNER' });
  expect(await contextOf(person.token, other)).toMatchObject({ workspaceId: other, role: 'VIEWER' });
});

test.each([
  ['of others', () => seedPerson(harness).then(({ workspaceId }) => workspaceId)],
  ['that does not exist', () => Promise.resolve(crypto.randomUUID())],
  ['that is no id', () => Promise.resolve("'; select 1; --")],
])('in a workspace %s a person is known and has no rights', async (_what, wanted) => {
  expect(await contextOf(person.token, await wanted())).toMatchObject({
    actor: { kind: 'USER', id: person.userId },
    workspaceId: null,
    role: null,
    grants: [],
  });
});

test('a deleted workspace counts no more', async () => {
  const other = await joinAnother();
  await harness.sql('update workspaces set deleted_at = now() where id = $1', [person.workspaceId]);
  expect(await contextOf(person.token)).toMatchObject({ workspaceId: other });
  expect(await contextOf(person.token, person.workspaceId)).toMatchObject({ workspaceId: null, role: null });
});

test('grants of the workspace come along, those of another do not', async () => {
  const other = await joinAnother();
  await harness.sql(
    `insert into grants (id, workspace_id, user_id, role, tag, created_at)
     values (gen_random_uuid(), $1, $3, 'OPERATOR', 'web', now()), (gen_random_uuid(), $2, $3, 'ADMIN', 'db', now())`,
    [person.workspaceId, other, person.userId],
  );
  expect((await contextOf(person.token)).grants).toEqual([{ role: 'OPERATOR', serverId: null, tag: 'web' }]);
  expect((await contextOf(person.token, other)).grants).toEqual([{ role: 'ADMIN', serverId: null, tag: 'db' }]);
});
