import type { CommandEntity, CommandRunEntity } from '@pilothouse/db';
import type { SeededWorkspace } from '@pilothouse/db/testing';
import { RUN_LIMITS, type CommandResult } from '@pilothouse/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { userIdOf, type WorkspaceContext } from '../../kernel/request-context.js';
import { NoTargets, QueueFull, ScopeMissing, TooManyTargets } from './command.refusals.js';
import type { StartRunRequest } from './run.service.js';
import { CommandsHarness, type PlayedServer } from './testing/commands.harness.js';

let harness: CommandsHarness;
let workspace: SeededWorkspace;
let ctx: WorkspaceContext;

beforeAll(async () => {
  harness = await CommandsHarness.start();
});
beforeEach(async () => {
  workspace = await harness.workspace();
  ctx = await harness.member(workspace);
});
afterAll(() => harness.stop());

const servers = async (count: number) => {
  const made: PlayedServer[] = [];
  for (let n = 0; n < count; n += 1) made.push(await harness.server(workspace, { name: `server-${n}` }));
  return made;
};
const runs = () => harness.feature.runs;
const startRaw = (request: Partial<StartRunRequest> = {}, as = ctx) =>
  runs().start(as, { target: { all: true }, command: { argv: ['true'] }, ...request });

async function start(request: Partial<StartRunRequest> = {}, as = ctx): Promise<CommandRunEntity> {
  const result = await startRaw(request, as);
  if (!('serverCount' in result)) throw new Error(`Refused: ${result.message}`);
  return result;
}

async function commandsOf(run: { id: string }): Promise<CommandEntity[]> {
  const page = await harness.feature.commands.list(ctx, { runId: run.id }, { first: 200, after: null });
  return page.items.toSorted((a, b) => a.batch - b.batch || (a.serverId < b.serverId ? -1 : 1));
}
const get = (run: { id: string }) => runs().get(ctx, run.id);
const held = async (run: { id: string }) => (await commandsOf(run)).map((command) => command.held);

/** Ends what each server has been sent; then takes the run's next step, as the report's wake does by itself. */
async function play(run: { id: string }, played: readonly PlayedServer[], fields: Partial<CommandResult> = {}) {
  for (const server of played) await harness.playAll(server, fields);
  await harness.feature.advancer.advance(workspace.workspaceId, run.id);
}

async function fault(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'Fault' });
  return error as { code: string; message: string };
}

describe('a run', () => {
  it('reaches exactly the servers of its preview, under one audit entry', async () => {
    await servers(3);
    await harness.server(workspace, { session: undefined } as never);
    const preview = await runs().preview(ctx, { all: true });
    const run = await start();
    const commands = await commandsOf(run);
    expect(new Set(commands.map(({ serverId }) => serverId))).toEqual(new Set(preview.servers.map(({ id }) => id)));
    expect(run).toMatchObject({ state: 'RUNNING', serverCount: 3 });
    expect(run.skippedServerIds).toEqual(preview.offline.map(({ id }) => id));
    const entries = await harness.sql('select 1 from audit_entries where target_id = $1', [run.id]);
    expect(entries).toHaveLength(1);
  });

  it('is signed as a whole: every agent opens its own command', async () => {
    const played = await servers(3);
    await start();
    for (const server of played) {
      const [delivery] = await harness.deliveries(server);
      expect(harness.open(server, delivery!).intent).toMatchObject({ kind: 'command', serverId: server.serverId });
    }
  });

  it('finishes when all its commands have ended, and says how', async () => {
    const played = await servers(3);
    const run = await start();
    await play(run, played.slice(0, 2));
    expect(await get(run)).toMatchObject({ state: 'RUNNING' });
    await play(run, played.slice(2), { state: 'FAILED', exitCode: 1 });
    const over = await get(run);
    expect(over.state).toBe('FINISHED');
    expect(over.finishedAt).not.toBeNull();
    const [counts] = await runs().progressOf(ctx, [run.id]);
    expect(counts!.toSorted((a, b) => (a.state < b.state ? -1 : 1))).toMatchObject([
      { state: 'FAILED', count: 1 },
      { state: 'SUCCEEDED', count: 2 },
    ]);
  });

  it('goes on by itself with the report that ends a batch', async () => {
    const played = await servers(2);
    const run = await start({ batchSize: 1 });
    const changes = harness.follow(
      ctx,
      'subscription ($ids: [ID!]) { runChanged(runIds: $ids, afterSeq: 0) { run { state } } }',
      {
        ids: [run.id],
      },
    );
    for (let turn = 0; turn < 2; turn += 1) for (const server of played) await harness.playAll(server);
    for await (const { data } of changes) {
      for (const server of played) await harness.playAll(server);
      if (data.runChanged.run.state === 'FINISHED') break;
    }
    expect((await commandsOf(run)).map(({ state }) => state)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  });
});

describe('batches', () => {
  it('are held back until the one before is over', async () => {
    const played = await servers(5);
    const run = await start({ batchSize: 2 });
    expect((await commandsOf(run)).map(({ batch }) => batch)).toEqual([0, 0, 1, 1, 2]);
    expect(await held(run)).toEqual([false, false, true, true, true]);
    await play(run, played.slice(0, 2));
    expect(await held(run)).toEqual([false, false, false, false, true]);
    await play(run, played.slice(2, 4));
    await play(run, played.slice(4));
    expect(await get(run)).toMatchObject({ state: 'FINISHED', releasedBatch: 2 });
  });

  it('begin with the canary, then go by their size', async () => {
    await servers(6);
    const run = await start({ canarySize: 1, batchSize: 3 });
    expect((await commandsOf(run)).map(({ batch }) => batch)).toEqual([0, 1, 1, 1, 2, 2]);
  });

  it('wait for the pause between them, and go on without a report', async () => {
    const played = await servers(2);
    const run = await start({ batchSize: 1, batchPauseMs: 60_000 });
    await play(run, played);
    const { nextBatchAt } = await get(run);
    expect(nextBatchAt!.getTime() - Date.now()).toBeGreaterThan(50_000);
    await harness.feature.advancer.advanceAll();
    expect(await held(run)).toEqual([false, true]);
    await harness.sql(`update command_runs set next_batch_at = now() - interval '1 ms' where id = $1`, [run.id]);
    await harness.feature.advancer.advanceAll();
    expect(await held(run)).toEqual([false, false]);
    expect(await get(run)).toMatchObject({ nextBatchAt: null, releasedBatch: 1 });
  });

  it.each([
    ['has left', 'delete from memberships where user_id = $1'],
    ['was disabled', 'update users set disabled_at = now() where id = $1'],
    ['lost the role', `update memberships set role = 'DEPLOYER' where user_id = $1`],
  ])('are released no more when the one who started the run %s', async (_what, end) => {
    const played = await servers(3);
    const starter = await harness.member(workspace);
    const run = await start({ batchSize: 1, batchPauseMs: 60_000 }, starter);
    await play(run, played);
    await harness.sql(`update command_runs set next_batch_at = now() - interval '1 ms' where id = $1`, [run.id]);
    await harness.sql(end, [userIdOf(starter.actor)]);
    await harness.feature.advancer.advanceAll();
    const reason = 'Whoever started the run may no longer run it on all of its servers';
    expect(await get(run)).toMatchObject({ state: 'STOPPED', stopReason: reason });
    expect((await commandsOf(run)).map((command) => command.state)).toEqual(['SUCCEEDED', 'CANCELLED', 'CANCELLED']);
  });

  it('are released once when two replicas advance at the same time', async () => {
    const played = await servers(6);
    const run = await start({ batchSize: 2 });
    const replica = await harness.replica();
    for (const server of played)
      for (const { id } of await harness.deliveries(server)) {
        await harness.sql(`update commands set state = 'SUCCEEDED' where id = $1`, [id]);
      }
    const before = (await harness.changesOf(run.id)).length;
    const everyone = [harness, replica, harness, replica].map(({ feature }) => feature.advancer);
    await Promise.all(everyone.map((service) => service.advance(workspace.workspaceId, run.id)));
    expect(await get(run)).toMatchObject({ releasedBatch: 1 });
    expect(await held(run)).toEqual([false, false, false, false, true, true]);
    expect(await harness.changesOf(run.id)).toHaveLength(before + 1);
    await replica.stop();
  });
});

describe('stopping', () => {
  it('comes after as many failures as were allowed, and takes back what was not sent', async () => {
    const played = await servers(6);
    const run = await start({ batchSize: 2, maxFailures: 2 });
    const [first, second] = (await commandsOf(run)).map(({ serverId }) => played.find((s) => s.serverId === serverId)!);
    await play(run, [first!], { state: 'FAILED', exitCode: 1 });
    expect(await get(run)).toMatchObject({ state: 'RUNNING' });
    await play(run, [second!], { state: 'TIMED_OUT', exitCode: null });
    expect(await get(run)).toMatchObject({ state: 'STOPPED', stopReason: 'The run stopped after 2 failures' });
    expect((await commandsOf(run)).map(({ state, reason }) => [state, reason])).toEqual([
      ['FAILED', null],
      ['TIMED_OUT', null],
      ...Array.from({ length: 4 }, () => ['CANCELLED', 'The run stopped after 2 failures']),
    ]);
  });

  it('lets what is under way end first', async () => {
    const played = await servers(4);
    const run = await start({ batchSize: 2, maxFailures: 1 });
    const [first, second] = (await commandsOf(run)).map(({ serverId }) => played.find((s) => s.serverId === serverId)!);
    await harness.deliveries(second!);
    await play(run, [first!], { state: 'FAILED', exitCode: 1 });
    expect(await get(run)).toMatchObject({ state: 'STOPPING' });
    second!.counter += 1;
    await harness.sql('update agent_sessions set counter = counter + 1 where server_id = $1', [second!.serverId]);
    await play(run, [second!]);
    expect(await get(run)).toMatchObject({ state: 'STOPPED' });
  });

  it('by a person takes back what was not sent and cancels the rest, on record', async () => {
    const played = await servers(3);
    const run = await start();
    const deliveries = await harness.deliveries(played[0]!);
    const stopped = await runs().stop(ctx, run.id);
    expect(stopped).toMatchObject({ state: 'STOPPING', stopReason: 'Stopped by a person' });
    expect((await commandsOf(run)).map(({ state }) => state).toSorted()).toEqual(['CANCELLED', 'CANCELLED', 'QUEUED']);
    const [cancel] = await harness.deliveries(played[0]!);
    expect(harness.open(played[0]!, cancel!).intent).toMatchObject({
      kind: 'cancel',
      arguments: { commandId: deliveries[0]!.id },
    });
    await harness.publish(played[0]!, [
      { received: { commandId: cancel!.id } },
      harness.result(played[0]!, deliveries[0]!, { state: 'CANCELLED', exitCode: null }),
    ]);
    await harness.feature.advancer.advance(workspace.workspaceId, run.id);
    expect(await get(run)).toMatchObject({ state: 'STOPPED' });
    const actions = await harness.sql<{ action: string }>(
      'select action from audit_entries where target_id = $1 order by sequence',
      [run.id],
    );
    expect(actions.map(({ action }) => action)).toEqual(['run-started', 'run-stopped']);
  });

  it('by a person is over at once when nothing was sent', async () => {
    await servers(2);
    const run = await start();
    expect(await runs().stop(ctx, run.id)).toMatchObject({ state: 'STOPPED' });
    expect(await runs().stop(ctx, run.id)).toMatchObject({ code: 'ALREADY_FINISHED' });
  });

  it('works though one of the servers was revoked meanwhile', async () => {
    const played = await servers(2);
    const run = await start();
    for (const server of played) await harness.deliveries(server);
    await harness.sql('update servers set revoked_at = now() where id = $1', [played[0]!.serverId]);
    expect(await runs().stop(ctx, run.id)).toMatchObject({ state: 'STOPPING' });
    const cancels = await harness.sql<{ server_id: string }>('select server_id from instructions');
    expect(cancels.map(({ server_id }) => server_id)).toContain(played[1]!.serverId);
    expect(cancels.map(({ server_id }) => server_id)).not.toContain(played[0]!.serverId);
  });
});

describe('offline servers', () => {
  it('are left out and named, or wait for it by choice', async () => {
    const [online] = await servers(1);
    const offline = await harness.server(workspace, { session: undefined } as never);
    const skipping = await start();
    expect(skipping).toMatchObject({ serverCount: 1, skippedServerIds: [offline.serverId] });
    const waiting = await start({ whenOffline: 'DELIVER' });
    expect(waiting).toMatchObject({ serverCount: 2, skippedServerIds: [] });
    expect((await commandsOf(waiting)).map(({ serverId }) => serverId).toSorted()).toEqual(
      [online!.serverId, offline.serverId].toSorted(),
    );
  });

  it('never include revoked or unenrolled ones', async () => {
    const [revoked, good] = await servers(2);
    await harness.sql('update servers set revoked_at = now() where id = $1', [revoked!.serverId]);
    const run = await start({ whenOffline: 'DELIVER' });
    expect(run).toMatchObject({ serverCount: 1, skippedServerIds: [revoked!.serverId] });
    expect((await commandsOf(run)).map(({ serverId }) => serverId)).toEqual([good!.serverId]);
  });
});

describe('refusals', () => {
  it('say that nobody would receive it', async () => {
    expect(await startRaw()).toBeInstanceOf(NoTargets);
    await servers(1);
    expect(await startRaw({ target: {} })).toBeInstanceOf(NoTargets);
    expect(await startRaw({ target: { serverIds: [] } })).toBeInstanceOf(NoTargets);
  });

  it('name the scope that a server lacks, and queue nothing anywhere', async () => {
    await servers(2);
    await harness.server(workspace, { scopes: ['exec'] });
    expect(await startRaw({ command: { script: 'true' } })).toBeInstanceOf(ScopeMissing);
    expect(await harness.sql('select 1 from command_runs where workspace_id = $1', [workspace.workspaceId])).toEqual(
      [],
    );
  });

  it('name a server whose queue is full', async () => {
    const [server] = await servers(2);
    const { id } = await harness.queue(ctx, server!);
    await harness.sql(
      `insert into commands select (jsonb_populate_record(c, jsonb_build_object('id', uuidv7(), 'sequence', 1000 + n))).*
         from commands c, generate_series(1, 999) n where c.id = $1`,
      [id],
    );
    expect(await startRaw()).toBeInstanceOf(QueueFull);
  });

  it.each([
    [{ batchSize: 0 }],
    [{ batchSize: RUN_LIMITS.maxBatchSize + 1 }],
    [{ canarySize: -1 }],
    [{ batchPauseMs: -1 }],
    [{ batchPauseMs: RUN_LIMITS.maxBatchPauseMs + 1 }],
    [{ maxFailures: 0 }],
    [{ target: { tags: ['a\0b'] } }],
    [{ target: { tags: ['\ud800'] } }],
    [{ idempotencyKey: 'a\0b' }],
    [{ command: { argv: ['\udc00'] } }],
    [{ command: {} }],
  ])('of what makes no sense: %j', async (request) => {
    await servers(1);
    expect(await fault(startRaw(request))).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it.each([
    [{ batchSize: 1 }],
    [{ batchSize: RUN_LIMITS.maxBatchSize }],
    [{ batchPauseMs: RUN_LIMITS.maxBatchPauseMs }],
    [{ maxFailures: 1 }],
  ])('do not hit what is just within the limits: %j', async (request) => {
    await servers(1);
    expect(await start(request)).toMatchObject({ serverCount: 1 });
  });
});

describe('the same idempotency key', () => {
  it('gives the same run, also when asked for at once on two replicas', async () => {
    await servers(2);
    const replica = await harness.replica();
    const request = { target: { all: true }, command: { argv: ['true'] }, idempotencyKey: 'once' };
    const started = await Promise.all(
      [runs(), replica.feature.runs, runs(), replica.feature.runs].map((service) => service.start(ctx, request)),
    );
    expect(new Set(started.map((run) => ('id' in run ? run.id : run.code))).size).toBe(1);
    expect(await harness.sql('select 1 from commands where workspace_id = $1', [workspace.workspaceId])).toHaveLength(
      2,
    );
    await replica.stop();
  });
});

describe('a large run', () => {
  it('takes 1,000 servers in one transaction and one call of the signer, and refuses 1,001', async () => {
    const { workspaceId } = workspace;
    await harness.sql(
      `with made as (
         insert into servers (id, workspace_id, name, profile, scopes, created_at, enrolled_at)
         select uuidv7(), $1, 's' || n, 'full-access', '{exec}', now(), now() from generate_series(1, 1000) n returning id)
       insert into agent_sessions (server_id, workspace_id, generation, counter, connected_at, last_frame_at)
       select id, $1, 1, 1, now(), now() from made`,
      [workspaceId],
    );
    const run = await start();
    expect(run.serverCount).toBe(1000);
    const [{ signed } = { signed: '' }] = await harness.sql<{ signed: string }>(
      `select count(*) filter (where envelope <> '') as signed from commands where run_id = $1`,
      [run.id],
    );
    expect(signed).toBe('1000');
    await servers(1);
    expect(await startRaw()).toBeInstanceOf(TooManyTargets);
  });
});

describe('rights', () => {
  it.each(['VIEWER', 'DEPLOYER'] as const)('give a %s no targets, and no stopping', async (role) => {
    await servers(1);
    const weak = await harness.member(workspace, role);
    expect(await startRaw({}, weak)).toBeInstanceOf(NoTargets);
    const run = await start();
    expect(await fault(runs().stop(weak, run.id))).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('another workspace cannot reach, see or stop: a foreign id is like an unknown one', async () => {
    const [server] = await servers(1);
    const run = await start();
    const stranger = await harness.member(await harness.workspace(), 'OWNER');
    expect(await startRaw({ target: { serverIds: [server!.serverId] } }, stranger)).toBeInstanceOf(NoTargets);
    for (const id of [run.id, '00000000-0000-7000-8000-000000000000', 'no-id']) {
      const expected = { code: 'NOT_FOUND', message: 'The run was not found.' };
      expect(await fault(runs().get(stranger, id))).toMatchObject(expected);
      expect(await fault(runs().stop(stranger, id))).toMatchObject(expected);
    }
    expect((await runs().list(stranger, { first: 10, after: null })).items).toEqual([]);
    expect((await runs().progressOf(stranger, [run.id]))[0]).toEqual([]);
  });
});
