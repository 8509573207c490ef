import type { SeededWorkspace } from '@pilothouse/db/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mayOnServer, ROLES, type Grant, type Role } from '../../kernel/authorisation/index.js';
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

/** As the gateway does it for a connected agent. @returns what goes out. */
async function deliver(): Promise<string[]> {
  const { deliveries, hasBarred } = await harness.database.write(harness.agentContext(server), (tx) =>
    harness.feature.deliveries.take(tx, server, new Date()),
  );
  if (hasBarred) await harness.feature.standing.takeBack(workspace.workspaceId, server);
  return deliveries.map(({ id }) => id);
}
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

async function grant(
  ctx: WorkspaceContext,
  { role = 'OPERATOR', serverId = null, tag = null }: Partial<Grant>,
): Promise<WorkspaceContext> {
  await harness.sql(
    `insert into grants (id, workspace_id, user_id, role, server_id, tag, created_at)
     values (gen_random_uuid(), $1, $2, $3, $4, $5, now())`,
    [workspace.workspaceId, ctx.actor.id, role, serverId, tag],
  );
  return { ...ctx, grants: [{ role, serverId, tag }] };
}

const tagServer = (tag: string, automatic: boolean) =>
  harness.sql('insert into server_tags values ($1, $2, $3, $4)', [
    workspace.workspaceId,
    server.serverId,
    tag,
    automatic,
  ]);
const withdrawn = () =>
  harness.sql("select from audit_entries where action = 'commands-withdrawn' and target_id = $1", [server.serverId]);

describe('what waits for a server', () => {
  it('goes out while whoever queued it may run it there, by role, by grant, by tag or by token', async () => {
    await tagServer('web', false);
    const operator = await harness.member(workspace);
    const byServer = await grant(await harness.member(workspace, 'VIEWER'), { serverId: server.serverId });
    const byTag = await grant(await harness.member(workspace, 'VIEWER'), { tag: 'web' });
    const { ctx: byToken } = await tokenOf(operator.actor.id!);
    const ids = [];
    for (const ctx of [operator, byServer, byTag, byToken]) ids.push(await queueAs(ctx));
    expect(await deliver()).toEqual(ids);
    expect(await withdrawn()).toHaveLength(0);
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
    expect(await deliver()).toEqual([others]);
    const reason = 'Whoever queued it may no longer run it on this server';
    expect(await harness.row(own)).toMatchObject({ state: 'CANCELLED', outcome: 'KNOWN', reason });
    expect(await harness.row(byToken)).toMatchObject({ state: 'CANCELLED', reason });
    expect(await withdrawn()).toHaveLength(2);
    expect(await harness.changesOf(own)).toHaveLength(2);
  });

  it.each([
    ['was revoked', 'revoked_at = now()'],
    ['has expired', "expires_at = now() - interval '1 second'"],
    ['no longer has the scope', `scopes = '{READ,MANAGE}'`],
  ])('is taken back when the token that queued it %s, and no other token’s is', async (_what, change) => {
    const { id, ctx } = await tokenOf((await harness.member(workspace)).actor.id!);
    const other = await tokenOf(ctx.actor.kind === 'API_TOKEN' ? ctx.actor.userId : '');
    const [own, others] = [await queueAs(ctx), await queueAs(other.ctx)];
    await harness.sql(`update api_tokens set ${change} where id = $1`, [id]);
    expect(await deliver()).toEqual([others]);
    expect(await stateOf(own)).toBe('CANCELLED');
  });

  it('goes out until the token that queued it expires', async () => {
    const { id, ctx } = await tokenOf((await harness.member(workspace)).actor.id!);
    const own = await queueAs(ctx);
    await harness.sql(`update api_tokens set expires_at = now() + interval '1 minute' where id = $1`, [id]);
    expect(await deliver()).toEqual([own]);
  });

  it('is taken back when a grant is revoked, or the grant’s tag is taken off or only the agent’s own', async () => {
    await tagServer('web', false);
    await tagServer('db', false);
    const byGrant = await grant(await harness.member(workspace, 'VIEWER'), { serverId: server.serverId });
    const byTag = await grant(await harness.member(workspace, 'VIEWER'), { tag: 'web' });
    const byAutomaticTag = await grant(await harness.member(workspace, 'VIEWER'), { tag: 'db' });
    const ids = await Promise.all([byGrant, byTag, byAutomaticTag].map(queueAs));
    await harness.sql('delete from grants where user_id = $1', [byGrant.actor.id]);
    await harness.sql(`delete from server_tags where server_id = $1 and tag = 'web'`, [server.serverId]);
    await harness.sql(`update server_tags set automatic = true where server_id = $1`, [server.serverId]);
    expect(await deliver()).toEqual([]);
    expect(await Promise.all(ids.map(stateOf))).toEqual(['CANCELLED', 'CANCELLED', 'CANCELLED']);
  });

  it('is taken back when its server no longer permits it, and what it does permit goes out', async () => {
    const operator = await harness.member(workspace);
    const program = await queueAs(operator);
    const { id: script } = await harness.queue(operator, server, { command: { script: 'true' } });
    const { id: asOther } = await harness.queue(operator, server, { command: { argv: ['true'], user: 'www' } });
    await harness.sql(`update servers set scopes = '{exec}' where id = $1`, [server.serverId]);
    expect(await deliver()).toEqual([program]);
    expect([await stateOf(script), await stateOf(asOther)]).toEqual(['CANCELLED', 'CANCELLED']);
  });

  it('is judged for every role and grant as when it is queued', async () => {
    const { serverId: elsewhere } = await harness.server(workspace);
    const grants = (['DEPLOYER', 'OPERATOR', 'ADMIN'] as const).flatMap((role): Partial<Grant>[] => [
      { role, serverId: server.serverId },
      { role, serverId: elsewhere },
      { role, tag: 'own' },
      { role, tag: 'automatic' },
    ]);
    await tagServer('own', false);
    await tagServer('automatic', true);
    const first = await queueAs(await harness.member(workspace));
    const expected: string[] = [];
    const ask = async (role: Role, granted: Partial<Grant> | null) => {
      const member = await harness.member(workspace, role);
      const ctx = granted ? await grant(member, granted) : member;
      const id = await harness.copy(first, { actor_id: ctx.actor.id });
      if (mayOnServer(ctx, 'commands.run', { id: server.serverId, tags: ['own'] })) expected.push(id);
    };
    for (const role of ROLES) await ask(role, null);
    for (const granted of grants) await ask('VIEWER', granted);
    expect(await deliver()).toEqual([first, ...expected]);
    expect(expected).toHaveLength(3 + 2 * 2);
  });

  it('is left to its agent once it was sent', async () => {
    const operator = await harness.member(workspace);
    const id = await queueAs(operator);
    await deliver();
    await harness.sql('delete from memberships where user_id = $1', [operator.actor.id]);
    expect(await deliver()).toEqual([]);
    expect(await stateOf(id)).toBe('QUEUED');
  });

  it('is not sent again on another connection, and its fate is unknown then', async () => {
    const operator = await harness.member(workspace);
    const id = await queueAs(operator);
    await deliver();
    await harness.sql('delete from memberships where user_id = $1', [operator.actor.id]);
    server.counter += 1;
    await harness.sql('update agent_sessions set counter = $2 where server_id = $1', [server.serverId, server.counter]);
    expect(await deliver()).toEqual([]);
    expect(await harness.row(id)).toMatchObject({ state: 'INTERRUPTED', outcome: 'UNKNOWN' });
  });

  it('goes to its agent as a cancel also when whoever asked for it has left', async () => {
    const [operator, leaver] = [await harness.member(workspace), await harness.member(workspace)];
    const id = await queueAs(operator);
    await deliver();
    await harness.feature.commands.cancel(leaver, id);
    await harness.sql('delete from memberships where user_id = $1', [leaver.actor.id]);
    expect(await deliver()).toHaveLength(1);
  });
});
