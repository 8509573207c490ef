import { seedServer, type SeededWorkspace } from '@pilothouse/db/testing';
import fc from 'fast-check';
import { v4 as uuidv4, v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Grant, Role } from '../../kernel/authorisation/index.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { Fleet } from '../../testing/fleet.js';
import type { TargetExpression } from './server.targets.js';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.start();
});

afterAll(() => fleet.stop());

const TAGS = ['web', 'db', 'prod', 'docker'];

interface World {
  /** Servers of the workspace, as this test knows them, not as the product reads them. */
  servers: { id: string; own: string[]; automatic: string[]; group: number | null }[];
  /** Each group's parent, by position. */
  parents: (number | null)[];
  groupIds: string[];
  member: SeededWorkspace;
  stranger: { serverId: string; groupId: string };
}

interface Plan {
  parents: (number | null)[];
  servers: { own: string[]; automatic: string[]; group: number | null }[];
}

const planOf = fc
  .integer({ min: 0, max: 4 })
  .chain((groupCount) =>
    fc.record({
      parents: fc.tuple(
        ...Array.from({ length: groupCount }, (_, n) => fc.option(n === 0 ? fc.constant(null) : fc.nat(n - 1))),
      ),
      servers: fc.array(
        fc.record({
          own: fc.subarray(TAGS),
          automatic: fc.subarray(TAGS),
          group: groupCount === 0 ? fc.constant(null) : fc.option(fc.nat(groupCount - 1)),
        }),
        { maxLength: 6 },
      ),
    }),
  )
  .map((plan): Plan => plan as Plan);

/** Positions of servers and groups; -1 is one of another workspace, -2 one that nobody has, -3 no id at all. */
const position = fc.integer({ min: -3, max: 6 });
const listOf = <T>(item: fc.Arbitrary<T>) => fc.option(fc.array(item, { maxLength: 4 }), { nil: null });
const expressionOf = fc.record({
  servers: listOf(position),
  tags: listOf(fc.constantFrom(...TAGS, 'unknown', '')),
  groups: listOf(position),
  excluded: listOf(position),
  all: fc.constantFrom(null, false, true),
});
const callerOf = fc.record({
  role: fc.constantFrom<Role>('VIEWER', 'DEPLOYER', 'OPERATOR', 'ADMIN', 'OWNER'),
  grants: fc.array(
    fc.record({
      role: fc.constantFrom<Role>('DEPLOYER', 'OPERATOR', 'ADMIN'),
      server: fc.option(position),
      tag: fc.constantFrom(...TAGS),
    }),
    { maxLength: 3 },
  ),
});

async function build(plan: Plan): Promise<World> {
  const { harness } = fleet;
  const member = await fleet.workspace();
  const foreign = await fleet.workspace();
  const group = async (workspaceId: string, parentId: string | null) => {
    const id = uuidv7();
    await harness.sql(
      'insert into server_groups (id, workspace_id, parent_id, name, created_at) values ($1, $2, $3, gen_random_uuid()::text, now())',
      [id, workspaceId, parentId],
    );
    return id;
  };
  const tag = (workspaceId: string, serverId: string, tags: string[], automatic: boolean) =>
    harness.sql(
      `insert into server_tags (workspace_id, server_id, tag, automatic)
       select $1, $2, t, $4 from unnest($3::text[]) t on conflict do nothing`,
      [workspaceId, serverId, tags, automatic],
    );
  const groupIds: string[] = [];
  for (const parent of plan.parents) {
    groupIds.push(await group(member.workspaceId, parent === null ? null : groupIds[parent]!));
  }
  const servers: World['servers'] = [];
  for (const planned of plan.servers) {
    const { serverId } = await seedServer(harness.db, member.workspaceId);
    const groupId = planned.group === null ? null : groupIds[planned.group];
    await harness.sql('update servers set group_id = $2 where id = $1', [serverId, groupId]);
    await tag(member.workspaceId, serverId, planned.own, false);
    await tag(member.workspaceId, serverId, planned.automatic, true);
    servers.push({ ...planned, id: serverId });
  }
  const { serverId } = await seedServer(harness.db, foreign.workspaceId);
  const groupId = await group(foreign.workspaceId, null);
  await harness.sql('update servers set group_id = $2 where id = $1', [serverId, groupId]);
  await tag(foreign.workspaceId, serverId, TAGS, false);
  return { servers, parents: plan.parents, groupIds, member, stranger: { serverId, groupId } };
}

const idAt = (ids: readonly string[], at: number, foreign: string) =>
  at === -1 ? foreign : at === -3 ? 'not an id' : (ids[at] ?? uuidv4());

/** The answer worked out by hand: walk every server of the test's own world and ask of each whether it is meant. */
function expected(
  world: World,
  expression: TargetExpression,
  caller: { role: Role; grants: readonly Grant[] },
): string[] {
  const isAbove = (group: number | null, ids: readonly string[]): boolean => {
    for (let at = group; at !== null; at = world.parents[at] ?? null) {
      if (ids.includes(world.groupIds[at]!)) return true;
    }
    return false;
  };
  return world.servers
    .filter(({ id, own, automatic, group }) => {
      const tags = expression.tags ?? [];
      const meant =
        expression.all === true ||
        (expression.serverIds ?? []).includes(id) ||
        tags.some((tag) => own.includes(tag) || automatic.includes(tag)) ||
        isAbove(group, expression.groupIds ?? []);
      const operates = (role: Role) => role === 'OPERATOR' || role === 'ADMIN' || role === 'OWNER';
      const allowed =
        operates(caller.role) ||
        caller.grants.some(
          (grant) => operates(grant.role) && (grant.serverId === id || (grant.tag !== null && own.includes(grant.tag))),
        );
      return meant && allowed && !(expression.excludeServerIds ?? []).includes(id);
    })
    .map(({ id }) => id)
    .sort();
}

function resolve(ctx: WorkspaceContext, target: TargetExpression) {
  const { database } = fleet.harness;
  return database.read(ctx, (tx) => fleet.servers.targets.resolve(ctx, tx, { target, action: 'commands.run' }));
}

describe('the servers of a target', () => {
  test('are exactly those meant on which the caller may act, whatever is asked by whom', async () => {
    await fc.assert(
      fc.asyncProperty(
        planOf,
        fc.array(fc.tuple(expressionOf, callerOf), { minLength: 8, maxLength: 8 }),
        async (plan, questions) => {
          const world = await build(plan);
          const serverIds = world.servers.map(({ id }) => id);
          const serverAt = (at: number) => idAt(serverIds, at, world.stranger.serverId);
          for (const [asked, { role, grants }] of questions) {
            const target: TargetExpression = {
              serverIds: asked.servers?.map(serverAt) ?? null,
              tags: asked.tags,
              groupIds: asked.groups?.map((at) => idAt(world.groupIds, at, world.stranger.groupId)) ?? null,
              excludeServerIds: asked.excluded?.map(serverAt) ?? null,
              all: asked.all,
            };
            const held = grants.map((grant): Grant =>
              grant.server === null
                ? { role: grant.role, serverId: null, tag: grant.tag }
                : { role: grant.role, serverId: serverAt(grant.server), tag: null },
            );
            const ctx = { ...fleet.harness.as(world.member, role), grants: held };
            const found = await resolve(ctx, target);
            expect(found.map(({ id }) => id).sort()).toEqual(expected(world, target, { role, grants: held }));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('are none for an empty, null or false expression', async () => {
    const member = await fleet.workspace();
    await seedServer(fleet.harness.db, member.workspaceId);
    const ctx = fleet.harness.as(member);
    for (const empty of [
      {},
      { serverIds: [] },
      { serverIds: null, tags: null },
      { all: false },
      { tags: [], groupIds: [] },
    ]) {
      expect(await resolve(ctx, empty)).toEqual([]);
    }
    expect(await resolve(ctx, { all: true })).toHaveLength(1);
  });

  test('are never another workspace’s, also when named', async () => {
    const theirs = await fleet.workspace();
    const { serverId } = await seedServer(fleet.harness.db, theirs.workspaceId);
    const ctx = fleet.harness.as(await fleet.workspace());
    expect(await resolve(ctx, { serverIds: [serverId], all: true })).toEqual([]);
  });

  test('leave out what was deleted, and tell what is revoked, pending or connected', async () => {
    const member = await fleet.workspace();
    const { db } = fleet.harness;
    const add = async (name: string, update = 'name = name') => {
      const { serverId } = await seedServer(db, member.workspaceId, {
        name,
        ...(name === 'd' && { identity: { publicKey: 'key' }, session: {} }),
      });
      await fleet.harness.sql(`update servers set ${update} where id = $1`, [serverId]);
    };
    await add('a');
    await add('b', 'revoked_at = now()');
    await add('c', 'deleted_at = now()');
    await add('d', 'maintenance = true');
    const found = await resolve(fleet.harness.as(member), { all: true });
    expect(
      found.map(({ name, pending, revoked, online, maintenance }) => [name, { pending, revoked, online, maintenance }]),
    ).toEqual([
      ['a', { pending: true, revoked: false, online: false, maintenance: false }],
      ['b', { pending: false, revoked: true, online: false, maintenance: false }],
      ['d', { pending: false, revoked: false, online: true, maintenance: true }],
    ]);
  });

  test('may be named by 1,000 ids and not by 1,001', async () => {
    const ctx = fleet.harness.as(await fleet.workspace());
    const ids = (count: number) => Array.from({ length: count }, () => uuidv4());
    expect(await resolve(ctx, { serverIds: ids(1000) })).toEqual([]);
    await expect(resolve(ctx, { serverIds: ids(1001) })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect(resolve(ctx, { all: true, excludeServerIds: ids(1001) })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
    await expect(resolve(ctx, { tags: ['a\0b'] })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});
