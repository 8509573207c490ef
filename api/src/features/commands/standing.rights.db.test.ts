import type { SeededWorkspace } from '@pilothouse/db/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hashToken, randomApiToken } from '../../kernel/random-token.js';
import { makeContext, type WorkspaceContext } from '../../kernel/request-context.js';
import { CommandsHarness, type PlayedServer } from './testing/commands.harness.js';

let harness: CommandsHarness;
let workspace: SeededWorkspace;
let server: PlayedServer;

beforeAll(async () => {
  harness = await CommandsHarness.start();
});
beforeEach(async () => {
  workspace = await harness.workspace();
  server = await harness.server(workspace, {});
});
afterAll(() => harness.stop());

const recheck = () => harness.feature.standing.recheckQueue(workspace.workspaceId, server.serverId);
const stateOf = async (id: string) => (await harness.row(id)).state;
const queueAs = async (ctx: WorkspaceContext) => (await harness.queue(ctx, server)).id;

async function tokenOf(userId: string): Promise<{ id: string; ctx: WorkspaceContext }> {
  const credential = randomApiToken();
  const [row] = await harness.sql<{ id: string }>(
    `insert into api_tokens (id, workspace_id, user_id, name, token_hash, hint, scopes, created_at)
     values (gen_random_uuid(), $1, $2, 'ci', $3, '', '{RUN}', now()) returning id`,
    [workspace.workspaceId, userId, hashToken(credential)],
  );
  const { id } = row!;
  const actor = { kind: 'API_TOKEN', id, userId, scopes: ['RUN'] } as const;
  return { id, ctx: makeContext({ ...harness.as(workspace), actor, credential }) as WorkspaceContext };
}

async function grant(ctx: WorkspaceContext, target: { server_id?: string; tag?: string }): Promise<WorkspaceContext> {
  await harness.sql(
    `insert into grants (id, workspace_id, user_id, role, server_id, tag, created_at)
     values (gen_random_uuid(), $1, $2, 'OPERATOR', $3, $4, now())`,
    [workspace.workspaceId, ctx.actor.id, target.server_id ?? null, target.tag ?? null],
  );
  const held = { role: 'OPERATOR', serverId: target.server_id ?? null, tag: target.tag ?? null } as const;
  return { ...ctx, grants: [held] };
}

describe('what waits for a server', () => {
  it('stays when whoever queued it may still run commands there, by role, by grant or by token', async () => {
    const operator = await harness.member(workspace);
    const viewer = await grant(await harness.member(workspace, 'VIEWER'), { server_id: server.serverId });
    const token = await tokenOf(operator.actor.id!);
    const ids = await Promise.all([operator, viewer, token.ctx].map(queueAs));
    await recheck();
    expect(await Promise.all(ids.map(stateOf))).toEqual(['QUEUED', 'QUEUED', 'QUEUED']);
  });

  it.each([
    ['has left the workspace', 'delete from memberships where user_id = $1'],
    ['was disabled', 'update users set disabled_at = now() where id = $1'],
    ['lost the role', `update memberships set role = 'DEPLOYER' where user_id = $1`],
  ])('is taken back when whoever queued it %s, also by a token, and that is on record', async (_what, end) => {
    const operator = await harness.member(workspace);
    const others = await queueAs(await harness.member(workspace));
    const own = await queueAs(operator);
    const byToken = await queueAs((await tokenOf(operator.actor.id!)).ctx);
    await harness.sql(end, [operator.actor.id]);
    await recheck();
    const reason = 'Whoever queued it may no longer run commands on this server';
    expect(await harness.row(own)).toMatchObject({ state: 'CANCELLED', outcome: 'KNOWN', reason });
    expect(await harness.row(byToken)).toMatchObject({ state: 'CANCELLED', reason });
    expect(await stateOf(others)).toBe('QUEUED');
    expect((await harness.deliveries(server)).map(({ id }) => id)).toEqual([others]);
    const actions = await harness.sql<{ detail: string }>(
      `select detail from audit_entries where action = 'commands-withdrawn' and target_id = $1`,
      [server.serverId],
    );
    expect(actions).toHaveLength(2);
  });

  it('is taken back when a grant or a token is revoked, or the grant’s tag is taken off', async () => {
    await harness.sql(`insert into server_tags values ($1, $2, 'web', false)`, [
      workspace.workspaceId,
      server.serverId,
    ]);
    const byGrant = await grant(await harness.member(workspace, 'VIEWER'), { server_id: server.serverId });
    const byTag = await grant(await harness.member(workspace, 'VIEWER'), { tag: 'web' });
    const token = await tokenOf((await harness.member(workspace)).actor.id!);
    const ids = await Promise.all([byGrant, byTag, token.ctx].map(queueAs));
    await harness.sql('delete from grants where user_id = $1', [byGrant.actor.id]);
    await harness.sql('delete from server_tags where server_id = $1', [server.serverId]);
    await harness.sql('update api_tokens set revoked_at = now() where id = $1', [token.id]);
    await recheck();
    expect(await Promise.all(ids.map(stateOf))).toEqual(['CANCELLED', 'CANCELLED', 'CANCELLED']);
  });

  it('is left to its agent once it was sent', async () => {
    const operator = await harness.member(workspace);
    const id = await queueAs(operator);
    await harness.deliveries(server);
    await harness.sql('delete from memberships where user_id = $1', [operator.actor.id]);
    await recheck();
    expect(await stateOf(id)).toBe('QUEUED');
  });
});
