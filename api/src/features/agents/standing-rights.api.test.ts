import type { SeededWorkspace } from '@pilothouse/db/testing';
import { LINK_LIMITS } from '@pilothouse/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hashToken, randomApiToken } from '../../kernel/random-token.js';
import { makeContext, type WorkspaceContext } from '../../kernel/request-context.js';
import type { AgentClient, Identity } from '../../testing/agent-client.js';
import { eventually } from '../../testing/index.js';
import { GatewayHarness } from './testing/gateway.harness.js';

const { deliveryWindow } = LINK_LIMITS;
const WAITING = 20;

let harness: GatewayHarness;
let workspace: SeededWorkspace;

beforeAll(async () => {
  harness = await GatewayHarness.start();
  workspace = await harness.workspace();
});
afterAll(() => harness?.stop());

async function withToken(ctx: WorkspaceContext): Promise<WorkspaceContext> {
  const credential = randomApiToken();
  const userId = ctx.actor.id!;
  const [row] = await harness.sql<{ id: string }>(
    `insert into api_tokens (id, workspace_id, user_id, name, token_hash, hint, scopes, created_at)
     values (gen_random_uuid(), $1, $2, 'ci', $3, '', '{RUN}', now()) returning id`,
    [workspace.workspaceId, userId, hashToken(credential)],
  );
  const actor = { kind: 'API_TOKEN', id: row!.id, userId, scopes: ['RUN'] } as const;
  return makeContext({ ...ctx, actor, credential }) as WorkspaceContext;
}

async function receive(client: AgentClient, count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) ids.push((await client.instruction())!['deliveryId']!);
  return ids;
}

const countOf = async ({ serverId }: Identity, state: string) => {
  const [row] = await harness.sql<{ count: string }>(
    'select count(*) from commands where server_id = $1 and state = $2',
    [serverId, state],
  );
  return Number(row!.count);
};

it.each([
  ['the token that queued it is revoked', 'update api_tokens set revoked_at = now() where id = $1'],
  ['the token that queued it expires', `update api_tokens set expires_at = now() - interval '1 second' where id = $1`],
  [
    'its person leaves the workspace',
    'delete from memberships where user_id = (select user_id from api_tokens where id = $1)',
  ],
  [
    'its person loses the role',
    `update memberships set role = 'VIEWER' where user_id = (select user_id from api_tokens where id = $1)`,
  ],
  ['the server’s scopes are narrowed', `update servers set scopes = '{metrics}' where id = $2 or id = $1`],
])('what waits behind a full window of a connected agent never reaches it once %s', async (_what, change) => {
  const agent = await harness.identity(workspace);
  const { client } = await harness.connect(agent);
  const token = await withToken(await harness.member(workspace));
  client.listen();
  for (let count = 0; count < deliveryWindow + WAITING; count += 1) await harness.queue(token, agent);
  const sent = await receive(client, deliveryWindow);

  await harness.sql(change.includes('$2') ? change : `${change} and $2::uuid is not null`, [
    token.actor.id,
    agent.serverId,
  ]);
  await eventually(async () => ((await countOf(agent, 'CANCELLED')) === WAITING ? true : null));

  await client.publishAll(sent.map((commandId) => ({ received: { commandId } })));
  const results = await Promise.all(
    sent.map(async (commandId) => harness.result(agent, await harness.command(commandId))),
  );
  expect(await client.publishAll(results)).toEqual([]);
  expect(await countOf(agent, 'SUCCEEDED')).toBe(deliveryWindow);
  await harness.sql(`update servers set scopes = '{exec}' where id = $1`, [agent.serverId]);
  const { id } = await harness.queue(await harness.member(workspace), agent);
  expect(await receive(client, 1)).toEqual([id]);
});
