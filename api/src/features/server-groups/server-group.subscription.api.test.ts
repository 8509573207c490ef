import { randomUUID } from 'node:crypto';
import type { SeededWorkspace } from '@pilothouse/db/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { Fleet } from '../../testing/fleet.js';

const CREATE = `mutation ($input: CreateServerGroupInput!) { createServerGroup(input: $input) {
  ... on ServerGroup { id } } }`;
const UPDATE = 'mutation ($input: UpdateServerGroupInput!) { updateServerGroup(input: $input) { __typename } }';
const DELETE = 'mutation ($input: DeleteServerGroupInput!) { deleteServerGroup(input: $input) { __typename } }';
const CHANGED = `subscription ($afterSeq: SafeInt) {
  serverGroupChanged(afterSeq: $afterSeq) { seq groupId group { name parentId } } }`;

let fleet: Fleet;
let member: SeededWorkspace;
let admin: WorkspaceContext;
beforeAll(async () => void (fleet = await Fleet.start()));
beforeEach(async () => {
  member = await fleet.workspace();
  admin = fleet.harness.as(member, 'ADMIN');
});
afterAll(() => fleet.stop());

async function create(name: string, { parentId = null as string | null, ctx = admin } = {}): Promise<string> {
  const input = { name, parentId, idempotencyKey: randomUUID() };
  return (await fleet.harness.ask(ctx, CREATE, { input })).data.createServerGroup.id;
}

async function take(count: number, afterSeq: number, ctx = admin): Promise<unknown[]> {
  const events = fleet.harness.follow(ctx, CHANGED, { afterSeq });
  const taken: unknown[] = [];
  while (taken.length < count) taken.push((await events.next()).value?.data.serverGroupChanged);
  await events.return();
  return taken;
}

test('tells of groups as they are made, changed and deleted, with those that move because of it', async () => {
  const top = await create('top');
  const inner = await create('inner', { parentId: top });
  await fleet.harness.ask(admin, UPDATE, { input: { groupId: inner, name: 'renamed' } });
  await fleet.harness.ask(admin, DELETE, { input: { groupId: top, moveContentsToId: null } });
  const moved = { groupId: inner, group: { name: 'renamed', parentId: null } };
  const gone = { groupId: top, group: null };
  const all = [
    { seq: 1, ...gone },
    { seq: 2, ...moved },
    { seq: 3, ...moved },
    { seq: 4, ...moved },
    { seq: 5, ...gone },
  ];
  expect(await take(5, 0)).toEqual(all);
  expect(await take(2, 3)).toEqual(all.slice(3));
});

test('is open to viewers, and tells of no group of another workspace', async () => {
  const stranger = fleet.harness.as(await fleet.workspace(), 'ADMIN');
  await create('theirs', { ctx: stranger });
  const groupId = await create('ours');
  const expected = [{ seq: 1, groupId, group: { name: 'ours', parentId: null } }];
  expect(await take(1, 0, fleet.harness.as(member, 'VIEWER'))).toEqual(expected);
});

test('refuses a number that no change can have', async () => {
  const events = fleet.harness.follow(admin, CHANGED, { afterSeq: -1 });
  expect((await events.next()).value?.code).toBe('BAD_USER_INPUT');
});
