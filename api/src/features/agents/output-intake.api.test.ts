import type { SeededWorkspace } from '@pilothouse/db/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import type { AgentClient, Identity } from '../../testing/agent-client.js';
import { MAX_WRITERS } from './output-intake.js';
import { GatewayHarness } from './testing/gateway.harness.js';

interface Publisher {
  agent: Identity;
  client: AgentClient;
  commandId: string;
}

let harness: GatewayHarness;
let workspace: SeededWorkspace;
let ctx: WorkspaceContext;
let publishers: [Publisher, Publisher];

beforeAll(async () => {
  harness = await GatewayHarness.start();
  workspace = await harness.workspace();
  ctx = await harness.member(workspace);
});
afterAll(() => harness.stop());
beforeEach(async () => {
  publishers = [await publisher(), await publisher()];
});

async function publisher(): Promise<Publisher> {
  const agent = await harness.identity(workspace);
  const { client } = await harness.connect(agent);
  return { agent, client, commandId: (await harness.queue(ctx, agent)).id };
}

const output = (commandId: string, text = 'output') => ({
  output: { commandId, seq: 1, stream: 'STDOUT', offset: 0, data: Buffer.from(text).toString('base64') },
});
const recorded = async ({ commandId }: Publisher) => (await harness.command(commandId)).stdoutBytes;

/** Does the work while every writer is busy, so that what is published meanwhile waits together. */
async function whileBusy<T>(work: () => Promise<T>): Promise<T> {
  const busy = await Promise.all(Array.from({ length: MAX_WRITERS }, publisher));
  const holder = new Client({ connectionString: harness.db.adminUrl });
  await holder.connect();
  await holder.query('begin');
  await holder.query('select from commands where id = any($1) for update', [busy.map(({ commandId }) => commandId)]);
  const answers = busy.map(({ client, commandId }) => client.publishAll([output(commandId)]));
  await vi.waitFor(async () =>
    expect(
      await harness.sql(
        `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      ),
    ).toHaveLength(MAX_WRITERS),
  );
  const value = await work();
  await holder.query('rollback');
  await holder.end();
  expect(await Promise.all(answers)).toEqual(busy.map(() => []));
  return value;
}

/** Published, and received by the gateway. */
async function publishes({ client }: Publisher, frames: readonly unknown[]): Promise<Promise<unknown>[]> {
  const answer = client.publish(frames);
  client.send({ type: 'ping' });
  await client.next(({ type }) => type === 'pong');
  return [answer];
}

it('records what several agents publish at once, and tells each what was refused of its own', async () => {
  const [first, second] = publishers;
  const answers = await whileBusy(async () => [
    ...(await publishes(first, [output(first.commandId, 'first'), output(second.commandId)])),
    ...(await publishes(second, [output(second.commandId, 'the other')])),
  ]);
  const refused = { index: 1, code: 'UNKNOWN_COMMAND', message: 'This server has no such command' };
  expect(await Promise.all(answers)).toMatchObject([
    { data: { publish: { refused: [refused] } } },
    { data: { publish: { refused: [] } } },
  ]);
  expect(await Promise.all(publishers.map(recorded))).toEqual([5, 9]);
});

it('leaves out the publish of a connection that another has displaced, and keeps those beside it', async () => {
  const [first, second] = publishers;
  const answers = await whileBusy(async () => {
    const waiting = [
      ...(await publishes(first, [output(first.commandId)])),
      ...(await publishes(second, [output(second.commandId)])),
    ];
    await harness.sql('update agent_sessions set counter = counter + 1 where server_id = $1', [first.agent.serverId]);
    return waiting;
  });
  expect((await Promise.all(answers))[1]).toMatchObject({ data: { publish: { refused: [] } } });
  expect((await first.client.closed).code).toBe(4600);
  expect(await Promise.all(publishers.map(recorded))).toEqual([0, 6]);
});

it('keeps what the others have published when the output of one cannot be written', async () => {
  const [first, second] = publishers;
  await harness.sql(
    `create function fail_to_write() returns trigger language plpgsql as $$ begin raise 'fails'; end $$`,
  );
  await harness.sql(`create trigger fails before insert on command_output for each row
    when (new.command_id = '${first.commandId}') execute function fail_to_write()`);
  const answers = await whileBusy(async () => [
    ...(await publishes(first, [output(first.commandId)])),
    ...(await publishes(second, [output(second.commandId)])),
  ]);
  expect(await Promise.all(answers)).toMatchObject([
    { errors: [{ extensions: { code: 'INTERNAL' } }] },
    { data: { publish: { refused: [] } } },
  ]);
  expect(await Promise.all(publishers.map(recorded))).toEqual([0, 6]);
});
