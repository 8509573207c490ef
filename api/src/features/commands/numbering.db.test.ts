import type { SeededWorkspace } from '@pilothouse/db/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { CommandsHarness } from './testing/commands.harness.js';

let harness: CommandsHarness;
let workspace: SeededWorkspace;
let ctx: WorkspaceContext;

beforeAll(async () => {
  harness = await CommandsHarness.start();
  workspace = await harness.workspace();
  ctx = await harness.member(workspace);
});
afterAll(() => harness?.stop());

const AT_ONCE = 12;
const ROUNDS = 8;

it('numbers what many queue for one server at once, without a gap or a double', async () => {
  const server = await harness.server(workspace);
  const queueAll = async () => {
    for (let round = 0; round < ROUNDS; round += 1) await harness.queue(ctx, server);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, queueAll));
  const rows = await harness.sql<{ sequence: string }>(
    'select sequence from commands where server_id = $1 order by sequence',
    [server.serverId],
  );
  const first = Number(rows[0]?.sequence);
  expect(rows.map(({ sequence }) => Number(sequence))).toEqual(
    Array.from({ length: AT_ONCE * ROUNDS }, (_, index) => first + index),
  );
});
