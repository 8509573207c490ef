import type { CommandEntity } from '@pilothouse/db';
import type { SeededWorkspace } from '@pilothouse/db/testing';
import type { CommandIntent } from '@pilothouse/protocol';
import { writeFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { AgentOffline, QueueFull, ScopeMissing, ServerNotReady } from './command.refusals.js';
import { storedArguments } from './stored-arguments.js';
import { CommandsHarness, type PlayedServer } from './testing/commands.harness.js';

let harness: CommandsHarness;
let workspace: SeededWorkspace;
let server: PlayedServer;
let ctx: WorkspaceContext;

beforeAll(async () => {
  harness = await CommandsHarness.start();
  workspace = await harness.workspace();
  server = await harness.server(workspace);
  ctx = await harness.member(workspace);
});
afterAll(() => harness.stop());

const run = (request: Partial<Parameters<typeof harness.feature.commands.run>[1]> = {}, as = ctx) =>
  harness.feature.commands.run(as, { serverId: server.serverId, command: { argv: ['true'] }, ...request });

async function queued(request: Parameters<typeof run>[0] = {}, as = ctx): Promise<CommandEntity> {
  const result = await run(request, as);
  if (!('state' in result)) throw new Error(`Refused: ${result.message}`);
  return result;
}

async function fault(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'Fault' });
  return error as { code: string; message: string };
}

describe('a queued command', () => {
  it('is signed over exactly what is stored, and names its place in the audit chain', async () => {
    const command = await queued({ command: { script: 'echo hello', environment: [{ name: 'A', value: 'b' }] } });
    const delivery = (await harness.playAll(server)).find(({ id }) => id === command.id);
    const { intent, audit } = harness.open(server, delivery!);
    expect(intent).toMatchObject({ id: command.id, kind: 'command', scopes: ['shell'] });
    expect(storedArguments((intent as CommandIntent).arguments)).toEqual(command.arguments);
    const [entry] = await harness.sql<{ action: string; intent_digest: string; sequence: string }>(
      'select action, intent_digest, sequence from audit_entries where hash = $1',
      [audit.hash],
    );
    expect(entry).toMatchObject({ action: 'command-queued', sequence: String(audit.sequence) });
  });

  it('keeps values of the environment and standard input out of the audit chain', async () => {
    await queued({
      command: {
        argv: ['env'],
        environment: [{ name: 'KEY', value: 'canary-7d1f' }],
        stdin: Buffer.from('canary-7d1f'),
      },
    });
    const rows = await harness.sql(`select 1 from audit_entries where detail like '%canary-7d1f%'`);
    expect(rows).toHaveLength(0);
    await harness.playAll(server);
  });

  it('is the same command for the same idempotency key, also when asked for at once', async () => {
    const first = await queued({ idempotencyKey: 'k1' });
    expect((await queued({ idempotencyKey: 'k1' })).id).toBe(first.id);
    const other = await harness.member(workspace);
    expect((await queued({ idempotencyKey: 'k1' }, other)).id).not.toBe(first.id);
    const atOnce = await Promise.all(Array.from({ length: 5 }, () => queued({ idempotencyKey: 'k2' })));
    expect(new Set(atOnce.map(({ id }) => id)).size).toBe(1);
    await harness.playAll(server);
  });

  it('leaves nothing behind when the signer is frozen', async () => {
    const frozen = join(harness.signerDirectory, 'frozen');
    await writeFile(frozen, '');
    const before = await harness.sql(
      'select (select count(*) from commands) as c, (select count(*) from audit_entries) as a',
    );
    expect(await fault(run())).toMatchObject({ code: 'UNAVAILABLE' });
    expect(
      await harness.sql('select (select count(*) from commands) as c, (select count(*) from audit_entries) as a'),
    ).toEqual(before);
    await rm(frozen);
  });

  it('is not signed for a session that has ended meanwhile', async () => {
    const leaver = await harness.member(workspace);
    await harness.sql('update sessions set revoked_at = now() where user_id = $1', [leaver.actor.id]);
    expect(await fault(run({}, leaver))).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('can be run again as another command with the same program', async () => {
    const original = await queued({ command: { argv: ['echo', 'again'], timeoutMs: 5000 } });
    const again = await harness.feature.commands.rerun(ctx, { commandId: original.id });
    expect(again).toMatchObject({ rerunOf: original.id, arguments: original.arguments, limits: original.limits });
    await harness.playAll(server);
  });
});

describe('refusals', () => {
  it('names an offline server, unless the command may wait for it', async () => {
    const offline = await harness.server(workspace, { session: undefined } as never);
    expect(await run({ serverId: offline.serverId })).toBeInstanceOf(AgentOffline);
    expect(await queued({ serverId: offline.serverId, whenOffline: 'DELIVER' })).toMatchObject({ state: 'QUEUED' });
  });

  it('names what a server does not grant', async () => {
    const narrow = await harness.server(workspace, { scopes: ['metrics', 'exec'] });
    expect(await queued({ serverId: narrow.serverId })).toMatchObject({ state: 'QUEUED' });
    const refusal = await run({ serverId: narrow.serverId, command: { script: 'true', user: 'nobody' } });
    expect(refusal).toBeInstanceOf(ScopeMissing);
    expect(refusal).toMatchObject({ missingScopes: ['shell', 'run-as'] });
  });

  it('refuses a server that was revoked or never enrolled', async () => {
    const revoked = await harness.server(workspace);
    await harness.sql('update servers set revoked_at = now() where id = $1', [revoked.serverId]);
    expect(await run({ serverId: revoked.serverId })).toBeInstanceOf(ServerNotReady);
  });

  it('takes the 1,000th waiting command of a server and refuses the 1,001st', async () => {
    const busy = await harness.server(workspace);
    const first = await queued({ serverId: busy.serverId });
    await harness.sql(
      `insert into commands (id, workspace_id, server_id, sequence, priority, state, arguments, scopes, limits, idempotent, actor_kind, actor_id,
                             search_text, created_at, expires_at)
       select uuidv7(), workspace_id, server_id, 1000 + n, 0, 'QUEUED', arguments, scopes, limits, false, actor_kind, actor_id, '', now(), expires_at
         from commands, generate_series(1, 998) n where id = $1`,
      [first.id],
    );
    expect(await queued({ serverId: busy.serverId })).toMatchObject({ state: 'QUEUED' });
    expect(await run({ serverId: busy.serverId })).toBeInstanceOf(QueueFull);
  });
});

describe('rights', () => {
  it.each(['VIEWER', 'DEPLOYER'] as const)('does not let a %s run, rerun or cancel', async (role) => {
    const weak = await harness.member(workspace, role);
    const command = await queued();
    expect(await fault(run({}, weak))).toMatchObject({ code: 'FORBIDDEN' });
    expect(await fault(harness.feature.commands.rerun(weak, { commandId: command.id }))).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await fault(harness.feature.commands.cancel(weak, command.id))).toMatchObject({ code: 'FORBIDDEN' });
    await harness.playAll(server);
  });

  it('lets a viewer with a grant on one server run there and nowhere else', async () => {
    const other = await harness.server(workspace);
    const viewer = await harness.member(workspace, 'VIEWER');
    await harness.sql(
      `insert into grants (id, workspace_id, user_id, role, server_id, created_at) values (uuidv7(), $1, $2, 'OPERATOR', $3, now())`,
      [workspace.workspaceId, viewer.actor.id, other.serverId],
    );
    const granted = { ...viewer, grants: [{ role: 'OPERATOR' as const, serverId: other.serverId, tag: null }] };
    expect(await queued({ serverId: other.serverId }, granted)).toMatchObject({ state: 'QUEUED' });
    expect(await fault(run({}, granted))).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('another workspace cannot run on, see, rerun or cancel: a foreign id is like an unknown one', async () => {
    const stranger = await harness.member(await harness.workspace(), 'OWNER');
    const command = await queued();
    for (const id of [server.serverId, '00000000-0000-7000-8000-000000000000', 'no-id']) {
      expect(await fault(run({ serverId: id }, stranger))).toMatchObject({
        code: 'NOT_FOUND',
        message: 'The server was not found.',
      });
    }
    for (const id of [command.id, '00000000-0000-7000-8000-000000000000', 'no-id']) {
      const expected = { code: 'NOT_FOUND', message: 'The command was not found.' };
      expect(await fault(harness.feature.commands.get(stranger, id))).toMatchObject(expected);
      expect(await fault(harness.feature.commands.rerun(stranger, { commandId: id }))).toMatchObject(expected);
      expect(await fault(harness.feature.commands.cancel(stranger, id))).toMatchObject(expected);
    }
    const page = await harness.feature.commands.list(
      stranger,
      { serverIds: [server.serverId] },
      { first: 10, after: null },
    );
    expect(page.items).toHaveLength(0);
    await harness.playAll(server);
  });
});

describe('cancel', () => {
  it('takes back what was never sent', async () => {
    const command = await queued();
    expect(await harness.feature.commands.cancel(ctx, command.id)).toMatchObject({
      state: 'CANCELLED',
      outcome: 'KNOWN',
    });
    expect(await harness.deliveries(server)).toHaveLength(0);
  });

  it('sends a signed cancel for what was sent, and stays open until the agent confirms', async () => {
    const command = await queued();
    const [delivery] = await harness.deliveries(server);
    await harness.publish(server, [{ received: { commandId: command.id } }]);
    expect(await harness.feature.commands.cancel(ctx, command.id)).toMatchObject({ state: 'DELIVERED' });
    const [cancel] = await harness.deliveries(server);
    expect(harness.open(server, cancel!).intent).toMatchObject({
      kind: 'cancel',
      arguments: { commandId: command.id },
    });
    await harness.publish(server, [
      { received: { commandId: cancel!.id } },
      harness.result(server, delivery!, { state: 'CANCELLED', exitCode: null, signal: 'SIGTERM' }),
    ]);
    expect(await harness.feature.commands.get(ctx, command.id)).toMatchObject({
      state: 'CANCELLED',
      signal: 'SIGTERM',
    });
    expect(await harness.deliveries(server)).toHaveLength(0);
  });

  it('does not wait crosswise for a server that is changed together with its commands', async () => {
    const command = await queued();
    await harness.deliveries(server);
    const revoking = new Client({ connectionString: harness.db.adminUrl });
    await revoking.connect();
    await revoking.query('begin');
    await revoking.query('update servers set generation = generation where id = $1', [server.serverId]);
    const cancelled = harness.feature.commands.cancel(ctx, command.id);
    await vi.waitFor(async () => {
      const waiting = await harness.sql(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(waiting).toHaveLength(1);
    });
    await revoking.query('update commands set revision = revision where server_id = $1', [server.serverId]);
    await revoking.query('commit');
    await revoking.end();
    expect(await cancelled).toMatchObject({ state: 'QUEUED' });
    await harness.playAll(server);
  });

  it('says so when the command has already ended', async () => {
    const command = await queued();
    await harness.playAll(server);
    expect(await harness.feature.commands.cancel(ctx, command.id)).toMatchObject({ code: 'ALREADY_FINISHED' });
  });
});

describe('history', () => {
  it('pages from the newest to the oldest without gap or duplicate, and finds text', async () => {
    const own = await harness.server(workspace);
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1)
      made.unshift((await queued({ serverId: own.serverId, command: { argv: ['echo', `needle-${n}`] } })).id);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page = await harness.feature.commands.list(ctx, { serverIds: [own.serverId] }, { first: 2, after });
      seen.push(...page.items.map(({ id }) => id));
      after = page.hasNextPage ? page.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(made);
    const found = await harness.feature.commands.list(ctx, { search: 'NEEDLE-3' }, { first: 10, after: null });
    expect(found.items.map(({ id }) => id)).toEqual([made[1]]);
  });

  it('refuses a page of 0 or 201, and a cursor it has not made', async () => {
    for (const first of [0, 201]) {
      expect((await fault(harness.feature.commands.list(ctx, {}, { first, after: null }))).code).toBe('BAD_USER_INPUT');
    }
    await harness.feature.commands.list(ctx, {}, { first: 200, after: null });
    for (const after of ['x', Buffer.from('["a","b"]').toString('base64url')]) {
      expect((await fault(harness.feature.commands.list(ctx, {}, { first: 1, after }))).code).toBe('BAD_USER_INPUT');
    }
  });
});
