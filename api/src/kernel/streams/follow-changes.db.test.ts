import { seedWorkspace, type SeededWorkspace } from '@pilothouse/db/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { FeatureHarness } from '../../testing/feature-harness.js';
import { queryPrepared, type ChangeKind, type Transaction } from '../database/index.js';
import { systemContext, type WorkspaceContext } from '../request-context.js';
import { IS_OF_NEXT_CHANGES, valuesOf } from './change.repository.js';
import { followChanges } from './follow-changes.js';

let harness: FeatureHarness;
let workspace: SeededWorkspace;
let ctx: WorkspaceContext;
beforeAll(async () => void (harness = await FeatureHarness.start()));
beforeEach(async () => {
  workspace = await seedWorkspace(harness.db);
  ctx = systemContext(workspace.workspaceId, 'test');
});
afterAll(() => harness.stop());

const load = async (_tx: Transaction, ids: readonly string[]) => ids.map((id) => ({ id }));

async function changes(afterSeq: number | null, ids: readonly string[] | null = null, kind: ChangeKind = 'SERVER') {
  const { database, bus } = harness;
  return followChanges(ctx, { database, bus, kind, afterSeq, ids, load });
}

/** Notes changes in one transaction. */
const note = (kind: ChangeKind, ids: readonly string[], of: WorkspaceContext = ctx) =>
  harness.database.write(of, async (tx) => {
    for (const id of ids) tx.changed(kind, id);
  });

async function take(count: number, following: ReturnType<typeof changes>) {
  const from = await following;
  const taken: [number, string][] = [];
  while (taken.length < count) {
    const { value, done } = await from.next();
    if (done || !value) break;
    taken.push([value.seq, value.thing.id]);
  }
  await from.return();
  return taken;
}

const newIds = (count: number) => Array.from({ length: count }, () => uuidv7());

test('resumes after every number without gap or duplicate', async () => {
  const ids = newIds(7);
  for (const id of ids) await note('SERVER', [id]);
  const all = await take(7, changes(0));
  expect(all).toEqual(ids.map((id, i) => [i + 1, id]));
  for (let after = 0; after < 7; after += 1) expect(await take(7 - after, changes(after))).toEqual(all.slice(after));
});

test('goes on from now when no number is given, and with what comes while it waits', async () => {
  await note('SERVER', newIds(2));
  const following = changes(null);
  await following;
  const later = newIds(2);
  for (const id of later) await note('SERVER', [id]);
  expect(await take(2, following)).toEqual(later.map((id, i) => [i + 3, id]));
});

test('finds its change behind 1,000 of other kinds and things', async () => {
  const [wanted, other] = newIds(2) as [string, string];
  await note('COMMAND', newIds(500));
  await note(
    'SERVER',
    Array.from({ length: 500 }, () => other),
  );
  await note('SERVER', [wanted]);
  expect(await take(1, changes(0, [wanted]))).toEqual([[1001, wanted]]);
});

test('does not show changes of another workspace, whatever ids are asked for', async () => {
  const elsewhere = systemContext((await seedWorkspace(harness.db)).workspaceId, 'test');
  const [theirs, ours] = newIds(2) as [string, string];
  await note('SERVER', [theirs], elsewhere);
  await note('SERVER', [ours]);
  expect(await take(1, changes(0, [theirs, ours]))).toEqual([[1, ours]]);
});

test('leaves out what was deleted meanwhile', async () => {
  const [gone, there] = newIds(2) as [string, string];
  await note('SERVER', [gone, there]);
  const { database, bus } = harness;
  const following = followChanges(ctx, {
    database,
    bus,
    kind: 'SERVER',
    afterSeq: 0,
    ids: null,
    load: async (_tx, ids) => ids.filter((id) => id !== gone).map((id) => ({ id })),
  });
  expect(await take(1, following)).toEqual([[2, there]]);
});

test('loads few things at a time, however many have changed: a reader that does not read holds no more', async () => {
  const ids = newIds(100);
  await note('SERVER', ids);
  const { database, bus } = harness;
  const loads: number[] = [];
  const following = followChanges(ctx, {
    database,
    bus,
    kind: 'SERVER',
    afterSeq: 0,
    ids: null,
    load: async (_tx, wanted) => {
      loads.push(wanted.length);
      return wanted.map((id) => ({ id }));
    },
  });
  expect(await take(100, following)).toEqual(ids.map((id, i) => [i + 1, id]));
  expect(Math.max(...loads)).toBe(16);
});

test('loads ahead exactly the things whose changes come next, over pages of others, of all and of some', async () => {
  const { database, bus } = harness;
  const servers = newIds(40);
  await note('SERVER', servers.slice(0, 20));
  await note('GROUP', newIds(600));
  await note('SERVER', servers.slice(20));
  const ahead: string[][] = [];
  const follow = (ids: readonly string[] | null) =>
    followChanges(ctx, {
      database,
      bus,
      kind: 'SERVER',
      afterSeq: 0,
      ids,
      load: async (_tx, missed) => Promise.reject(new Error(`Not loaded ahead: ${missed.length}`)),
      loadAhead: async ({ manager }, wanted) => {
        // As repositories ask for rows by it, of the changes themselves.
        const text = `select distinct id from (select subject_id as id from workspace_events) as changed where ${IS_OF_NEXT_CHANGES}`;
        const found = await queryPrepared<{ id: string }>(manager, text, valuesOf(wanted));
        ahead.push(found.map(({ id }) => id));
        return found;
      },
    });
  expect((await take(40, follow(null))).map(([, id]) => id)).toEqual(servers);
  expect(Math.max(...ahead.map((ids) => ids.length))).toBe(16);
  const some = [servers[3]!, servers[37]!];
  expect((await take(2, follow(some))).map(([, id]) => id)).toEqual(some);
});

test('refuses a number that is no longer kept, or not reached yet, just over the edge', async () => {
  const ids = newIds(5);
  await note('SERVER', ids);
  await harness.sql('delete from workspace_events where workspace_id = $1 and seq <= 2', [ctx.workspaceId]);
  await expect(changes(1)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  expect(await take(3, changes(2))).toEqual([3, 4, 5].map((seq) => [seq, ids[seq - 1]]));
  await expect(changes(6)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  const atEnd = await changes(5);
  const next = atEnd.next();
  const later = uuidv7();
  await note('SERVER', [later]);
  expect((await next).value).toEqual({ seq: 6, thing: { id: later } });
  await atEnd.return();
});

test('numbers of transactions that overlap come in the order of their commits', async () => {
  const ids = newIds(40);
  const following = changes(0);
  await Promise.all(ids.map((id) => note('SERVER', [id])));
  const taken = await take(40, following);
  expect(taken.map(([seq]) => seq)).toEqual(ids.map((_, i) => i + 1));
  expect(taken.map(([, id]) => id).sort()).toEqual([...ids].sort());
});
