import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Role } from '../../kernel/authorisation/index.js';
import { systemContext } from '../../kernel/request-context.js';
import { seedPerson, type PeopleHarness, type SeededPerson } from '../../testing/people-harness.js';
import { audited, revocationsOf, startWorkspaces } from '../../testing/workspaces-harness.js';

const MEMBERS = `query ($first: Int, $after: String) { members(first: $first, after: $after) {
  nodes { role person { id email } } pageInfo { hasNextPage endCursor } } }`;
const CHANGE = `mutation ($userId: ID!, $role: WorkspaceRole!) { changeMemberRole(input: { personId: $userId, role: $role }) {
  __typename ... on Member { role person { id } } ... on RoleBeyondYours { role } } }`;
const REMOVE = `mutation ($userId: ID!) { removeMember(input: { personId: $userId }) {
  __typename ... on MemberRemoved { person { id } } } }`;
const LEAVE = 'mutation { leaveWorkspace { __typename } }';

let harness: PeopleHarness;
let owner: SeededPerson;
let admin: SeededPerson;
let viewer: SeededPerson;
beforeAll(async () => void (harness = await startWorkspaces()));
beforeEach(async () => {
  owner = await seedPerson(harness);
  admin = await join('ADMIN');
  viewer = await join('VIEWER');
});
afterAll(() => harness.stop());

const join = (role: Role) => seedPerson(harness, { workspaceId: owner.workspaceId, role });
const change = async (by: SeededPerson, userId: string, role: Role) => {
  const { data, code } = await harness.ask(CHANGE, { credential: by.token, variables: { userId, role } });
  return code ?? data.changeMemberRole.__typename;
};
const remove = async (by: SeededPerson, userId: string) => {
  const { data, code } = await harness.ask(REMOVE, { credential: by.token, variables: { userId } });
  return code ?? data.removeMember.__typename;
};
const roleOf = async ({ userId }: SeededPerson) =>
  (await harness.sql<{ role: Role }>('select role from memberships where user_id = $1', [userId]))[0]?.role;

test('members are listed page by page to every member', async () => {
  const page = async (after: string | null) =>
    (await harness.ask(MEMBERS, { credential: viewer.token, variables: { first: 2, after } })).data.members;
  const first = await page(null);
  const second = await page(first.pageInfo.endCursor);
  expect([...first.nodes, ...second.nodes].map((node) => [node.person.id, node.role])).toEqual([
    [owner.userId, 'OWNER'],
    [admin.userId, 'ADMIN'],
    [viewer.userId, 'VIEWER'],
  ]);
  expect(second.pageInfo.hasNextPage).toBe(false);
});

describe('changing a role', () => {
  test('ends the sockets of the member, goes on record and holds from the next request on', async () => {
    expect(await change(admin, viewer.userId, 'OPERATOR')).toBe('Member');
    expect(await roleOf(viewer)).toBe('OPERATOR');
    expect(await revocationsOf(harness, viewer.userId)).toEqual([{ kind: 'MEMBERSHIP' }]);
    expect(await audited(harness, owner.workspaceId)).toEqual(['member-role-changed']);
    const { data } = await harness.ask('{ caller { role } }', { credential: viewer.token });
    expect(data.caller.role).toBe('OPERATOR');
  });

  test.each(['VIEWER', 'DEPLOYER', 'OPERATOR'] as const)('is not for a member with the role %s', async (role) => {
    expect(await change(await join(role), viewer.userId, 'ADMIN')).toBe('FORBIDDEN');
    expect(await roleOf(viewer)).toBe('VIEWER');
  });

  test('an admin gives up to admin, and neither makes nor unmakes an owner', async () => {
    const second = await join('OWNER');
    expect(await change(admin, viewer.userId, 'ADMIN')).toBe('Member');
    expect(await change(admin, viewer.userId, 'OWNER')).toBe('RoleBeyondYours');
    expect(await change(admin, admin.userId, 'OWNER')).toBe('RoleBeyondYours');
    expect(await change(admin, second.userId, 'VIEWER')).toBe('RoleBeyondYours');
    expect(await remove(admin, second.userId)).toBe('RoleBeyondYours');
    expect([await roleOf(viewer), await roleOf(admin), await roleOf(second)]).toEqual(['ADMIN', 'ADMIN', 'OWNER']);
  });

  test('an owner makes owners and unmakes them, but never the last one', async () => {
    expect(await change(owner, owner.userId, 'ADMIN')).toBe('LastOwner');
    expect(await change(owner, admin.userId, 'OWNER')).toBe('Member');
    expect(await change(owner, owner.userId, 'ADMIN')).toBe('Member');
    expect(await change(admin, admin.userId, 'VIEWER')).toBe('LastOwner');
    expect([await roleOf(owner), await roleOf(admin)]).toEqual(['ADMIN', 'OWNER']);
  });

  test('two owners who unmake each other at once leave one', async () => {
    const second = await join('OWNER');
    const answers = await Promise.all([change(owner, second.userId, 'VIEWER'), change(second, owner.userId, 'VIEWER')]);
    expect(answers.filter((answer) => answer === 'Member')).toHaveLength(1);
    expect(new Set([await roleOf(owner), await roleOf(second)])).toEqual(new Set(['OWNER', 'VIEWER']));
  });

  test('waits for a change of the other owner that is under way, and judges what is true then', async () => {
    const second = await join('OWNER');
    const elsewhere = `update memberships set role = 'VIEWER' where user_id = $1`;
    const answer = await harness.during([elsewhere, [second.userId]], () => change(owner, owner.userId, 'ADMIN'));
    expect(answer).toBe('LastOwner');
  });

  test('needs a fresh confirmation', async () => {
    harness.pass(10 * 60_000 + 1);
    expect(await change(owner, viewer.userId, 'ADMIN')).toBe('STEP_UP_REQUIRED');
    expect(await remove(owner, viewer.userId)).toBe('STEP_UP_REQUIRED');
  });
});

describe('taking somebody out', () => {
  test('takes their grants and API tokens of this workspace along and ends their sockets', async () => {
    const made = await harness.ask(
      `mutation { createApiToken(input: { name: "ci", scopes: [READ], idempotencyKey: "k" }) { ... on ApiTokenCreated { token apiToken { id } } } }`,
      { credential: viewer.token },
    );
    const { token, apiToken } = made.data.createApiToken;
    await harness.sql(
      `insert into grants (id, workspace_id, user_id, role, tag, created_at) values (gen_random_uuid(), $1, $2, 'ADMIN', 'web', now())`,
      [owner.workspaceId, viewer.userId],
    );
    expect(await remove(admin, viewer.userId)).toBe('MemberRemoved');
    expect(await roleOf(viewer)).toBeUndefined();
    expect((await harness.ask('{ caller { role } }', { credential: token })).code).toBe('UNAUTHENTICATED');
    expect((await harness.ask('{ workspace { id } }', { credential: viewer.token })).code).toBe('FORBIDDEN');
    expect(await harness.sql('select 1 from grants where user_id = $1', [viewer.userId])).toEqual([]);
    expect(await revocationsOf(harness, viewer.userId)).toEqual([{ kind: 'MEMBERSHIP' }]);
    expect(await revocationsOf(harness, apiToken.id)).toEqual([{ kind: 'API_TOKEN' }]);
    expect(await audited(harness, owner.workspaceId)).toContain('member-removed');
  });

  test('never takes the last owner', async () => {
    expect(await remove(owner, owner.userId)).toBe('LastOwner');
    expect(await roleOf(owner)).toBe('OWNER');
  });

  test('is not for a viewer, who may leave though', async () => {
    expect(await remove(viewer, viewer.userId)).toBe('FORBIDDEN');
    expect((await harness.ask(LEAVE, { credential: viewer.token })).data.leaveWorkspace.__typename).toBe(
      'MemberRemoved',
    );
    expect(await roleOf(viewer)).toBeUndefined();
    expect((await harness.ask(LEAVE, { credential: viewer.token })).code).toBe('NOT_FOUND');
  });

  test('the last owner cannot leave', async () => {
    expect((await harness.ask(LEAVE, { credential: owner.token })).data.leaveWorkspace.__typename).toBe('LastOwner');
  });
});

describe('following members', () => {
  const CHANGED = `subscription ($afterSeq: SafeInt) {
    memberChanged(afterSeq: $afterSeq) { seq personId member { role person { id } } } }`;
  const take = async (by: SeededPerson, afterSeq: number, count: number) => {
    const events = harness.follow(CHANGED, { credential: by.token, variables: { afterSeq } });
    const taken: unknown[] = [];
    while (taken.length < count) taken.push((await events.next()).value?.data.memberChanged);
    await events.return();
    return taken;
  };

  test('tells every member of other roles and of who is gone, and goes on from a number', async () => {
    await change(owner, admin.userId, 'OPERATOR');
    await remove(owner, viewer.userId);
    const other = { seq: 1, personId: admin.userId, member: { role: 'OPERATOR', person: { id: admin.userId } } };
    const gone = { seq: 2, personId: viewer.userId, member: null };
    expect(await take(await join('VIEWER'), 0, 2)).toEqual([other, gone]);
    expect(await take(owner, 1, 1)).toEqual([gone]);
  });

  test('shows a member of two workspaces with the role that they have in this one', async () => {
    const elsewhere = await seedPerson(harness);
    await harness.sql(`insert into memberships values ($1, $2, 'VIEWER', now())`, [
      elsewhere.workspaceId,
      admin.userId,
    ]);
    await change(owner, admin.userId, 'OPERATOR');
    for (const workspaceId of [owner.workspaceId, elsewhere.workspaceId]) {
      await harness.database.write(systemContext(workspaceId, 'test'), async (tx) =>
        tx.changed('MEMBER', admin.userId),
      );
    }
    const roleIn = async (workspaceId: string) => {
      const ask = { credential: admin.token, workspaceId, variables: { afterSeq: 0 } };
      const events = harness.follow(CHANGED, ask);
      const role = (await events.next()).value?.data.memberChanged.member.role;
      await events.return();
      return role;
    };
    expect([await roleIn(owner.workspaceId), await roleIn(elsewhere.workspaceId)]).toEqual(['OPERATOR', 'VIEWER']);
  });

  test('refuses a number that no change can have', async () => {
    const events = harness.follow(CHANGED, { credential: owner.token, variables: { afterSeq: -1 } });
    expect((await events.next()).value?.code).toBe('BAD_USER_INPUT');
  });
});

describe('another workspace', () => {
  test('cannot see, change or remove a member, and learns nothing by trying', async () => {
    const stranger = await seedPerson(harness);
    const { data } = await harness.ask(MEMBERS, { credential: stranger.token });
    expect(data.members.nodes.map((node: { person: { id: string } }) => node.person.id)).toEqual([stranger.userId]);
    const ids = [viewer.userId, crypto.randomUUID(), 'no id', '', 'a\0b'];
    for (const id of ids) {
      expect(await change(stranger, id, 'ADMIN')).toBe('NOT_FOUND');
      expect(await remove(stranger, id)).toBe('NOT_FOUND');
    }
    expect(await roleOf(viewer)).toBe('VIEWER');
  });

  test('cannot page on with a cursor of this one', async () => {
    const stranger = await seedPerson(harness);
    const { data } = await harness.ask(MEMBERS, { credential: owner.token, variables: { first: 1 } });
    const after = data.members.pageInfo.endCursor;
    const answer = await harness.ask(MEMBERS, { credential: stranger.token, variables: { after } });
    expect(answer.data.members.nodes.map((node: { person: { id: string } }) => node.person.id)).toEqual([
      stranger.userId,
    ]);
  });
});
