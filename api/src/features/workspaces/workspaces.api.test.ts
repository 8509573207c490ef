import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { seedPerson, type PeopleHarness, type SeededPerson } from '../../testing/people-harness.js';
import { audited, startWorkspaces } from '../../testing/workspaces-harness.js';

const CREATE = `mutation ($input: CreateWorkspaceInput!) { createWorkspace(input: $input) {
  __typename ... on Workspace { id name } ... on QuotaReached { quota limit } } }`;
const RENAME = 'mutation ($name: String!) { renameWorkspace(input: { name: $name }) { ... on Workspace { id name } } }';
const MINE = `query ($first: Int, $after: String) { workspaces(first: $first, after: $after) {
  nodes { role workspace { id name } } pageInfo { hasNextPage endCursor } } }`;
const ME = '{ me { role workspace { id name } memberships { nodes { role workspace { id } } } } }';
const CALLER = '{ caller { kind role scopes person { id } workspace { id } } }';

let harness: PeopleHarness;
let owner: SeededPerson;
beforeAll(async () => void (harness = await startWorkspaces()));
beforeEach(async () => void (owner = await seedPerson(harness)));
afterAll(() => harness.stop());

const create = (name: string, idempotencyKey: string = crypto.randomUUID()) =>
  harness.ask(CREATE, { credential: owner.token, variables: { input: { name, idempotencyKey } } });
const mine = async (variables = {}, credential = owner.token) =>
  (await harness.ask(MINE, { credential, variables })).data.workspaces;

describe('a new workspace', () => {
  test('has its maker as owner and its own chain of audit', async () => {
    const { id } = (await create(' Second ')).data.createWorkspace;
    expect((await mine()).nodes).toEqual([
      { role: 'OWNER', workspace: { id: owner.workspaceId, name: 'Fleet' } },
      { role: 'OWNER', workspace: { id, name: 'Second' } },
    ]);
    expect(await audited(harness, id)).toEqual(['workspace-created']);
    const { data } = await harness.ask(ME, { credential: owner.token, workspaceId: id });
    expect(data.me).toMatchObject({ role: 'OWNER', workspace: { id, name: 'Second' } });
  });

  test('is made once for one idempotency key, also by two requests at once', async () => {
    const answers = await Promise.all([create('Twice', 'key'), create('Twice', 'key'), create('Twice', 'key')]);
    const ids = new Set(answers.map(({ data }) => data.createWorkspace.id));
    expect(ids.size).toBe(1);
    expect((await mine()).nodes).toHaveLength(2);
    expect(await audited(harness, [...ids][0] as string)).toEqual(['workspace-created']);
  });

  test('asked for again under its key and another name is the first one', async () => {
    const first = (await create('First', 'key')).data.createWorkspace;
    expect((await create('Second', 'key')).data.createWorkspace).toEqual(first);
  });

  test("two people's equal keys do not meet", async () => {
    const other = await seedPerson(harness);
    const first = (await create('Mine', 'key')).data.createWorkspace.id;
    const variables = { input: { name: 'Theirs', idempotencyKey: 'key' } };
    const { data } = await harness.ask(CREATE, { credential: other.token, variables });
    expect(data.createWorkspace.id).not.toBe(first);
  });

  test.each(['', '  ', 'x'.repeat(101), 'a\0b', 'a\u0007b'])('is not called %j', async (name) => {
    expect((await create(name)).code).toBe('BAD_USER_INPUT');
    expect((await mine()).nodes).toHaveLength(1);
  });

  test('keeps a hostile name as it is', async () => {
    const name = `<img src=x onerror=alert(1)>'; drop table users; --`;
    expect((await create(name)).data.createWorkspace.name).toBe(name);
  });

  test('is the hundredth one may own, not the next', async () => {
    await harness.sql(
      `with made as (insert into workspaces (id, name, created_at)
         select gen_random_uuid(), 'many', now() from generate_series(1, 98) returning id)
       insert into memberships select id, $1, 'OWNER', now() from made`,
      [owner.userId],
    );
    const hundredth = (await create('hundredth', 'key')).data.createWorkspace;
    expect(hundredth.__typename).toBe('Workspace');
    expect((await create('next')).data.createWorkspace).toEqual({
      __typename: 'QuotaReached',
      quota: 'OWNED_WORKSPACES',
      limit: 100,
    });
    expect((await create('again', 'key')).data.createWorkspace).toEqual(hundredth);
  });
});

test('workspaces are listed page by page, by name', async () => {
  for (const name of ['b', 'a', 'B']) await create(name);
  const first = await mine({ first: 3 });
  const second = await mine({ first: 3, after: first.pageInfo.endCursor });
  const names = [...first.nodes, ...second.nodes].map((node) => node.workspace.name);
  expect(names).toEqual(['B', 'Fleet', 'a', 'b']);
  expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([true, false]);
});

test('renaming needs an admin and goes on record', async () => {
  const rename = (credential: string) => harness.ask(RENAME, { credential, variables: { name: 'New name' } });
  for (const role of ['VIEWER', 'DEPLOYER', 'OPERATOR'] as const) {
    const { token } = await seedPerson(harness, { workspaceId: owner.workspaceId, role });
    expect((await rename(token)).code).toBe('FORBIDDEN');
  }
  const admin = await seedPerson(harness, { workspaceId: owner.workspaceId, role: 'ADMIN' });
  expect((await rename(admin.token)).data.renameWorkspace).toEqual({ id: owner.workspaceId, name: 'New name' });
  expect(await audited(harness, owner.workspaceId)).toEqual(['workspace-renamed']);
  expect(await harness.sql('select kind from workspace_events where workspace_id = $1', [owner.workspaceId])).toEqual([
    { kind: 'WORKSPACE' },
  ]);
});

describe('another workspace', () => {
  test('cannot read or rename this one by asking for it', async () => {
    const stranger = await seedPerson(harness);
    const ask = { credential: stranger.token, workspaceId: owner.workspaceId };
    expect((await harness.ask('{ workspace { name } }', ask)).code).toBe('FORBIDDEN');
    expect((await harness.ask(RENAME, { ...ask, variables: { name: 'taken' } })).code).toBe('FORBIDDEN');
    expect((await harness.ask(ME, ask)).data.me).toMatchObject({ role: null, workspace: null });
    expect((await mine({}, stranger.token)).nodes).toHaveLength(1);
  });

  test('cannot be reached past the tenant of the transaction', async () => {
    const stranger = await seedPerson(harness);
    const ctx = await harness.people.authenticator.authenticate({
      credential: stranger.token,
      workspaceId: null,
      address: '',
      userAgent: '',
      requestId: '',
    });
    const rows = await harness.database.read(ctx, (tx) =>
      tx.manager.query('select id from workspaces where id = $1', [owner.workspaceId]),
    );
    expect(rows).toEqual([]);
  });
});

describe('the caller', () => {
  test('by session', async () => {
    const { data } = await harness.ask(CALLER, { credential: owner.token });
    expect(data.caller).toEqual({
      kind: 'USER',
      role: 'OWNER',
      scopes: null,
      person: { id: owner.userId },
      workspace: { id: owner.workspaceId },
    });
  });

  test('by API token, with its scopes', async () => {
    const { data } = await harness.ask(
      `mutation { createApiToken(input: { name: "ci", scopes: [READ], idempotencyKey: "k" }) { ... on ApiTokenCreated { token } } }`,
      { credential: owner.token },
    );
    const { token } = data.createApiToken;
    expect((await harness.ask(CALLER, { credential: token })).data.caller).toMatchObject({
      kind: 'API_TOKEN',
      scopes: ['READ'],
      person: { id: owner.userId },
    });
  });

  test('nobody is told', async () => {
    expect((await harness.ask(CALLER)).code).toBe('UNAUTHENTICATED');
  });
});

test('the newest change is where following goes on without a gap, in each workspace by itself', async () => {
  const { id } = (await create('Numbered')).data.createWorkspace;
  const newest = async (workspaceId: string) =>
    (await harness.ask('{ newestChange }', { credential: owner.token, workspaceId })).data.newestChange;
  const elsewhere = await newest(owner.workspaceId);
  expect(await newest(id)).toBe(1);
  await harness.ask(RENAME, { credential: owner.token, variables: { name: 'Numbered anew' }, workspaceId: id });
  expect(await newest(id)).toBe(2);
  expect(await newest(owner.workspaceId)).toBe(elsewhere);
});

describe('following the workspace', () => {
  const CHANGED = `subscription ($afterSeq: SafeInt) {
    workspaceChanged(afterSeq: $afterSeq) { seq workspace { id name } } }`;

  test('tells of its making and its names, goes on from a number, and says nothing of another one', async () => {
    const { id } = (await create('Second')).data.createWorkspace;
    const rename = (name: string, workspaceId: string) =>
      harness.ask(RENAME, { credential: owner.token, variables: { name }, workspaceId });
    const follow = (afterSeq: number) =>
      harness.follow(CHANGED, { credential: owner.token, variables: { afterSeq }, workspaceId: id });
    const events = follow(0);
    expect((await events.next()).value?.data.workspaceChanged).toEqual({ seq: 1, workspace: { id, name: 'Second' } });
    await rename('Other', owner.workspaceId);
    await rename('Renamed', id);
    const renamed = { seq: 2, workspace: { id, name: 'Renamed' } };
    expect((await events.next()).value?.data.workspaceChanged).toEqual(renamed);
    await events.return();
    const resumed = follow(1);
    expect((await resumed.next()).value?.data.workspaceChanged).toEqual(renamed);
    await resumed.return();
  });
});
