import { CommandEntity, CommandRunEntity, ServerEntity } from '@pilothouse/db';
import { seedEveryTable, type FullWorkspace } from '@pilothouse/db/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FeatureHarness } from '../../testing/feature-harness.js';
import { findPrepared } from './prepared-entities.js';

let harness: FeatureHarness;
let workspace: FullWorkspace;
beforeAll(async () => {
  harness = await FeatureHarness.start();
  workspace = await seedEveryTable(harness.db);
  await seedEveryTable(harness.db);
});
afterAll(() => harness.stop());

const everything = () => ({ condition: 'workspace_id = $1', values: [workspace.workspaceId] });

test.each([
  ['commands', CommandEntity],
  ['runs', CommandRunEntity],
  ['servers', ServerEntity],
])('gives %s as TypeORM does', async (_what, entity) => {
  const [mine, theirs] = await harness.database.read(harness.as(workspace), async ({ manager }) => [
    await findPrepared<object>(manager, entity, everything()),
    await manager.find<object>(entity),
  ]);
  expect(mine).toStrictEqual(theirs);
  expect(mine.length).toBeGreaterThan(0);
});

test('another workspace cannot read its rows so', async () => {
  const stranger = await seedEveryTable(harness.db);
  const found = await harness.database.read(harness.as(stranger), ({ manager }) =>
    findPrepared(manager, CommandEntity, everything()),
  );
  expect(found).toEqual([]);
});
