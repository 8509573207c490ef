import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { WriteTransaction } from '../../kernel/database/index.js';
import { systemContext, type WorkspaceContext } from '../../kernel/request-context.js';
import { CommandRepository } from './command.repository.js';
import { ReportRepository } from './report.repository.js';
import { CommandsHarness, type PlayedServer } from './testing/commands.harness.js';

let harness: CommandsHarness;
let server: PlayedServer;
let ctx: WorkspaceContext;
let system: WorkspaceContext;
let other: Client & { processID?: number };

beforeAll(async () => {
  harness = await CommandsHarness.start();
});
beforeEach(async () => {
  const workspace = await harness.workspace();
  server = await harness.server(workspace);
  ctx = await harness.member(workspace);
  system = systemContext(workspace.workspaceId, 'test');
  other = new Client({ connectionString: harness.db.adminUrl });
  await other.connect();
});
afterEach(() => other.end());
afterAll(() => harness.stop());

const commands = new CommandRepository();
const reports = new ReportRepository();
const how = { reason: 'test', at: new Date() };

it.each<[string, (tx: WriteTransaction, ids: string[]) => Promise<unknown>]>([
  ['taken back', (tx, ids) => commands.withdraw(tx, ids, how)],
  ['asked to be cancelled', (tx, ids) => commands.markCancelRequested(tx, ids, { by: server.serverId, at: how.at })],
  ['ended with their server', (tx) => reports.endAll(tx, server.serverId, how)],
])(
  'many commands that are %s are locked in the order of ids, as those whose output is recorded',
  async (_what, work) => {
    const first = await harness.queue(ctx, server, { command: { argv: ['true'], priority: 0 } });
    const second = await harness.queue(ctx, server, { command: { argv: ['true'], priority: 10 } });
    // Stored behind the second now, and behind it in the queue: only an order keeps it the first.
    await harness.sql('update commands set revision = revision + 1 where id = $1', [first.id]);
    await other.query('begin');
    await other.query('select from commands where id = $1 for no key update', [first.id]);
    const working = harness.database.write(system, async (tx) => {
      // In whichever order PostgreSQL finds them, too.
      await tx.manager.query('set local enable_indexscan = off; set local enable_bitmapscan = off');
      await work(tx, [second.id, first.id]);
    });
    await vi.waitFor(
      async () => {
        const waiting = await harness.sql('select 1 from pg_stat_activity where $1 = any(pg_blocking_pids(pid))', [
          other.processID,
        ]);
        expect(waiting).toHaveLength(1);
      },
      { timeout: 10_000, interval: 5 },
    );
    await other.query('select from commands where id = $1 for no key update', [second.id]);
    await other.query('commit');
    await working;
  },
);
