import { randomUUID } from 'node:crypto';
import { seedServer, type SeededWorkspace } from '@pilothouse/db/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { Fleet } from '../../testing/fleet.js';

const GROUP = '... on ServerGroup { id parentId name colour serverCount } ... on Refusal { code message }';
const CREATE = `mutation ($input: CreateServerGroupInput!) { createServerGroup(input: $input) { __typename ${GROUP}
  ... on QuotaReached { quota limit } } }`;
const UPDATE = `mutation ($input: UpdateServerGroupInput!) { updateServerGroup(input: $input) { __typename ${GROUP} } }`;
const DELETE = `mutation ($input: DeleteServerGroupInput!) { deleteServerGroup(input: $input) { __typename
  ... on ServerGroupDeleted { id } ... on Refusal { code message } ... on GroupNotEmpty { serverCount groupCount } } }`;
const LIST = `query ($first: Int, $after: String) { serverGroups(first: $first, after: $after) {
  nodes { id parentId name serverCount } pageInfo { hasNextPage endCursor } } }`;
const UNKNOWN = '018f0000-0000-7000-8000-000000000000';

let fleet: Fleet;
let member: SeededWorkspace;
let admin: WorkspaceContext;

beforeAll(async () => {
  fleet = await Fleet.start();
});

afterAll(() => fleet.stop());

beforeEach(async () => {
  member = await fleet.workspace();
  admin = fleet.harness.as(member, 'ADMIN');
});

const create = async (input: object, ctx = admin) =>
  (await fleet.harness.ask(ctx, CREATE, { input: { idempotencyKey: randomUUID(), ...input } })).data?.createServerGroup;
const update = async (input: object, ctx = admin) =>
  (await fleet.harness.ask(ctx, UPDATE, { input })).data?.updateServerGroup;
const remove = async (input: object, ctx = admin) =>
  (await fleet.harness.ask(ctx, DELETE, { input })).data?.deleteServerGroup;
const list = async (ctx = admin, variables: Record<string, unknown> = {}) =>
  (await fleet.harness.ask(ctx, LIST, variables)).data.serverGroups;

async function serverIn(groupId: string | null, workspaceId = member.workspaceId): Promise<string> {
  const { serverId } = await seedServer(fleet.harness.db, workspaceId);
  await fleet.harness.sql('update servers set group_id = $2 where id = $1', [serverId, groupId]);
  return serverId;
}

async function nest(depth: number): Promise<string[]> {
  const ids: string[] = [];
  for (let level = 1; level <= depth; level += 1) {
    ids.push((await create({ name: `level ${level}`, parentId: ids.at(-1) ?? null })).id);
  }
  return ids;
}

describe('making a group', () => {
  test('puts it where it shall lie, with its colour', async () => {
    const top = await create({ name: ' Europe ', colour: '#FF8800' });
    expect(top).toMatchObject({ parentId: null, name: 'Europe', colour: '#ff8800', serverCount: 0 });
    expect(await create({ name: 'Berlin', parentId: top.id })).toMatchObject({ parentId: top.id, colour: null });
  });

  test('refuses a sibling’s name and takes it elsewhere', async () => {
    const top = await create({ name: 'A' });
    expect((await create({ name: 'a' })).code).toBe('GROUP_NAME_TAKEN');
    expect(await create({ name: 'a', parentId: top.id })).toMatchObject({ name: 'a' });
  });

  test('of one name at once makes one', async () => {
    const made = await Promise.all(Array.from({ length: 6 }, () => create({ name: 'same' })));
    expect(made.filter(({ __typename }) => __typename === 'ServerGroup')).toHaveLength(1);
  });

  test('again with the same key makes none', async () => {
    const first = await create({ name: 'once', idempotencyKey: 'k' });
    expect((await create({ name: 'once', idempotencyKey: 'k' })).id).toBe(first.id);
  });

  test('nests eight levels deep and not nine', async () => {
    const ids = await nest(8);
    expect((await create({ name: 'ninth', parentId: ids.at(-1) })).code).toBe('GROUP_TOO_DEEP');
  });

  test('does not see the groups of others, or ids that are none', async () => {
    const other = fleet.harness.as(await fleet.workspace(), 'ADMIN');
    const foreign = await create({ name: 'theirs' }, other);
    const answers = await Promise.all(
      [foreign.id, UNKNOWN, 'x\0'].map((parentId) => create({ name: 'mine', parentId })),
    );
    expect(new Set(answers.map(({ code, message }) => `${code} ${message}`)).size).toBe(1);
    expect(answers[0].code).toBe('GROUP_NOT_FOUND');
  });

  test.each([
    [{ name: '' }, 'must not be empty'],
    [{ name: 'a\0' }, 'control characters'],
    [{ name: 'x'.repeat(101) }, 'at most 100'],
    [{ name: 'a', colour: 'javascript:x' }, '#rrggbb'],
    [{ name: 'a', idempotencyKey: '' }, '1 to 100'],
  ])('refuses %j', async (input, sentence) => {
    const { code, message } = await fleet.harness.ask(admin, CREATE, {
      input: { idempotencyKey: randomUUID(), ...input },
    });
    expect({ code, message }).toEqual({ code: 'BAD_USER_INPUT', message: expect.stringContaining(sentence) });
    expect((await list()).nodes).toEqual([]);
  });

  test('stops at a thousand groups', async () => {
    await fleet.harness.sql(
      `insert into server_groups (id, workspace_id, name, created_at)
       select gen_random_uuid(), $1, 'g' || n, now() from generate_series(1, 999) n`,
      [member.workspaceId],
    );
    expect((await create({ name: 'the thousandth' })).__typename).toBe('ServerGroup');
    expect(await create({ name: 'one more' })).toMatchObject({
      code: 'QUOTA_REACHED',
      quota: 'SERVER_GROUPS',
      limit: 1000,
    });
  });
});

describe('changing a group', () => {
  test('renames, colours and moves it; what is left out stays', async () => {
    const [a, b] = [await create({ name: 'a', colour: '#000000' }), await create({ name: 'b' })];
    expect(await update({ groupId: a.id, name: 'c' })).toMatchObject({ name: 'c', colour: '#000000', parentId: null });
    expect(await update({ groupId: a.id, parentId: b.id, colour: null })).toMatchObject({
      name: 'c',
      colour: null,
      parentId: b.id,
    });
    expect(await update({ groupId: a.id, parentId: null })).toMatchObject({ parentId: null });
  });

  test('refuses a cycle, also when two moves would close it together', async () => {
    const [a, , c] = await nest(3);
    expect((await update({ groupId: a, parentId: c })).code).toBe('GROUP_CYCLE');
    expect((await update({ groupId: a, parentId: a })).code).toBe('GROUP_CYCLE');
    const x = await create({ name: 'x' });
    const y = await create({ name: 'y' });
    const moves = await Promise.all([
      update({ groupId: x.id, parentId: y.id }),
      update({ groupId: y.id, parentId: x.id }),
    ]);
    expect(new Set(moves.map(({ code }) => code ?? 'moved'))).toEqual(new Set(['GROUP_CYCLE', 'moved']));
  });

  test('refuses a name that is taken where it goes', async () => {
    const top = await create({ name: 'top' });
    await create({ name: 'a', parentId: top.id });
    const a = await create({ name: 'a' });
    expect((await update({ groupId: a.id, parentId: top.id })).code).toBe('GROUP_NAME_TAKEN');
    expect(await update({ groupId: a.id, name: 'A' })).toMatchObject({ name: 'A' });
  });

  test('counts the levels of what lies in it', async () => {
    const ids = await nest(7);
    const tall = await create({ name: 'tall' });
    await create({ name: 'inside', parentId: tall.id });
    expect((await update({ groupId: tall.id, parentId: ids[6] })).code).toBe('GROUP_TOO_DEEP');
    expect((await update({ groupId: tall.id, parentId: ids[5] })).parentId).toBe(ids[5]);
  });
});

describe('deleting a group', () => {
  test('is refused while it holds something, unless it is said where that goes', async () => {
    const [a, b] = [await create({ name: 'a' }), await create({ name: 'b' })];
    const inside = await create({ name: 'inside', parentId: a.id });
    const serverId = await serverIn(a.id);
    expect(await remove({ groupId: a.id })).toMatchObject({ code: 'GROUP_NOT_EMPTY', serverCount: 1, groupCount: 1 });
    expect(await remove({ groupId: a.id, moveContentsToId: b.id })).toEqual({
      __typename: 'ServerGroupDeleted',
      id: a.id,
    });
    const [server] = await fleet.harness.sql<{ group_id: string }>('select group_id from servers where id = $1', [
      serverId,
    ]);
    expect(server!.group_id).toBe(b.id);
    expect((await list()).nodes).toEqual([
      { id: b.id, parentId: null, name: 'b', serverCount: 1 },
      { id: inside.id, parentId: b.id, name: 'inside', serverCount: 0 },
    ]);
  });

  test('moves its contents to the top, and tells of every server', async () => {
    const a = await create({ name: 'a' });
    const serverId = await serverIn(a.id);
    expect((await remove({ groupId: a.id, moveContentsToId: null })).__typename).toBe('ServerGroupDeleted');
    const events = await fleet.harness.sql(
      'select kind, subject_id from workspace_events where workspace_id = $1 and subject_id = $2',
      [member.workspaceId, serverId],
    );
    expect(events).toEqual([{ kind: 'SERVER', subject_id: serverId }]);
  });

  test('of an empty group needs no more', async () => {
    const a = await create({ name: 'a' });
    expect(await remove({ groupId: a.id })).toMatchObject({ id: a.id });
    expect((await list()).nodes).toEqual([]);
  });

  test('does not move contents into itself, below itself, to nowhere or onto a name', async () => {
    const a = await create({ name: 'a' });
    const inside = await create({ name: 'inside', parentId: a.id });
    expect((await remove({ groupId: a.id, moveContentsToId: a.id })).code).toBe('GROUP_CYCLE');
    expect((await remove({ groupId: a.id, moveContentsToId: inside.id })).code).toBe('GROUP_CYCLE');
    expect((await remove({ groupId: a.id, moveContentsToId: UNKNOWN })).code).toBe('GROUP_NOT_FOUND');
    await create({ name: 'Inside' });
    expect((await remove({ groupId: a.id, moveContentsToId: null })).code).toBe('GROUP_NAME_TAKEN');
    expect((await list()).nodes).toHaveLength(3);
  });

  test('lets a group inside take the name of the one that goes', async () => {
    const a = await create({ name: 'twin' });
    const inside = await create({ name: 'twin', parentId: a.id });
    expect((await remove({ groupId: a.id, moveContentsToId: null })).id).toBe(a.id);
    expect((await list()).nodes).toEqual([{ id: inside.id, parentId: null, name: 'twin', serverCount: 0 }]);
  });
});

describe('groups', () => {
  test('are listed by name, page after page', async () => {
    for (const name of ['delta', 'Alpha', 'charlie', 'Bravo']) await create({ name });
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page = await list(admin, { first: 3, after });
      seen.push(...page.nodes.map(({ name }: { name: string }) => name));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after);
    expect(seen).toEqual(['Alpha', 'Bravo', 'charlie', 'delta']);
  });

  test('are not listed by a cursor or page size that is none', async () => {
    const cursors = [
      'x',
      Buffer.from('["a"]').toString('base64url'),
      Buffer.from('["a\\u0000","x"]').toString('base64url'),
    ];
    for (const variables of [...cursors.map((after) => ({ after })), { first: 0 }, { first: 201 }, { first: -1 }]) {
      expect((await fleet.harness.ask(admin, LIST, variables)).code).toBe('BAD_USER_INPUT');
    }
  });

  test('are changed by admins, never by weaker roles or grants, and always on record', async () => {
    const a = await create({ name: 'a' });
    for (const role of ['VIEWER', 'DEPLOYER', 'OPERATOR'] as const) {
      const ctx = {
        ...fleet.harness.as(member, role),
        grants: [{ role: 'ADMIN' as const, serverId: UNKNOWN, tag: null }],
      };
      for (const [document, input] of [
        [CREATE, { name: 'b', idempotencyKey: 'b' }],
        [UPDATE, { groupId: a.id, name: 'b' }],
        [DELETE, { groupId: a.id }],
      ] as const) {
        expect((await fleet.harness.ask(ctx, document, { input })).code, role).toBe('FORBIDDEN');
      }
      expect((await list(ctx)).nodes).toHaveLength(1);
    }
    await update({ groupId: a.id, name: 'b' });
    await remove({ groupId: a.id });
    const entries = await fleet.harness.sql<{ action: string }>(
      'select action from audit_entries where chain = $1 order by sequence',
      [member.workspaceId],
    );
    expect(entries.map(({ action }) => action)).toEqual([
      'server-group-created',
      'server-group-updated',
      'server-group-deleted',
    ]);
  });

  test('of another workspace cannot be seen, changed or deleted', async () => {
    const a = await create({ name: 'a' });
    const stranger = fleet.harness.as(await fleet.workspace(), 'OWNER');
    expect((await list(stranger)).nodes).toEqual([]);
    for (const [document, input] of [
      [UPDATE, { name: 'b' }],
      [DELETE, {}],
    ] as const) {
      const answers = await Promise.all(
        [a.id, UNKNOWN, 'x\0', '1; drop table servers'].map((groupId) =>
          fleet.harness.ask(stranger, document, { input: { ...input, groupId } }),
        ),
      );
      for (const answer of answers)
        expect(answer).toEqual({ data: null, code: 'NOT_FOUND', message: 'The group was not found.' });
    }
    expect((await list()).nodes).toHaveLength(1);
  });
});

test('tags are counted, the most used first, deleted servers and other workspaces left out', async () => {
  const tag = async (workspaceId: string, tags: string[], automatic: boolean, update = 'name = name') => {
    const { serverId } = await seedServer(fleet.harness.db, workspaceId);
    await fleet.harness.sql(`update servers set ${update} where id = $1`, [serverId]);
    await fleet.harness.sql(
      'insert into server_tags (workspace_id, server_id, tag, automatic) select $1, $2, t, $4 from unnest($3::text[]) t',
      [workspaceId, serverId, tags, automatic],
    );
  };
  await tag(member.workspaceId, ['web', 'prod'], false);
  await tag(member.workspaceId, ['web'], true);
  await tag(member.workspaceId, ['x64'], true);
  await tag(member.workspaceId, ['gone'], false, 'deleted_at = now()');
  await tag((await fleet.workspace()).workspaceId, ['theirs'], false);
  const { data } = await fleet.harness.ask(admin, '{ tags { tag serverCount automatic } }');
  expect(data.tags).toEqual([
    { tag: 'web', serverCount: 2, automatic: false },
    { tag: 'prod', serverCount: 1, automatic: false },
    { tag: 'x64', serverCount: 1, automatic: true },
  ]);
});
