import type { SeededWorkspace } from '@pilothouse/db/testing';
import { LINK_LIMITS, openEnvelope, type AgentFrame } from '@pilothouse/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import type { Delivery } from './index.js';
import { CommandsHarness, type PlayedServer } from './testing/commands.harness.js';

const { deliveryWindow, deliveryLeaseMs } = LINK_LIMITS;

let harness: CommandsHarness;
let workspace: SeededWorkspace;
let server: PlayedServer;
let ctx: WorkspaceContext;

beforeAll(async () => {
  harness = await CommandsHarness.start();
  workspace = await harness.workspace();
  ctx = await harness.member(workspace);
});
beforeEach(async () => {
  server = await harness.server(workspace);
});
afterAll(() => harness.stop());

const queue = (priority = 0) => harness.queue(ctx, server, { command: { argv: ['true'], priority } });
const take = (now = new Date(), on = server) => harness.deliveries(on, now);
const ids = (deliveries: readonly Delivery[]) => deliveries.map(({ id }) => id);
const received = (commandId: string): AgentFrame => ({ received: { commandId } });
const later = (ms: number) => new Date(Date.now() + ms);

/** As after a new handshake. */
async function reconnect(): Promise<void> {
  server.counter += 1;
  await harness.sql('update agent_sessions set counter = $2 where server_id = $1', [server.serverId, server.counter]);
}

async function queueMany(count: number): Promise<string[]> {
  const first = await queue();
  const made = [first.id];
  while (made.length < count) made.push(await harness.copy(first.id));
  return made;
}

describe('order', () => {
  it('is by priority, the highest first, and then by sequence', async () => {
    const made: string[] = [];
    for (const priority of [0, 5, -3, 5, 0]) made.push((await queue(priority)).id);
    expect(ids(await take())).toEqual([1, 3, 0, 4, 2].map((index) => made[index]));
  });

  it('holds for 1,000 commands that wait, window by window', async () => {
    const first = await queue();
    await harness.sql(
      `insert into commands select (jsonb_populate_record(c, jsonb_build_object('id', uuidv7(), 'sequence', c.sequence + n))).*
         from commands c, generate_series(1, 999) n where c.id = $1`,
      [first.id],
    );
    const expected = await harness.sql<{ id: string }>(
      'select id from commands where server_id = $1 order by sequence',
      [server.serverId],
    );
    const arrived: string[] = [];
    for (let due = await take(); due.length > 0; due = await take()) {
      expect(due.length).toBeLessThanOrEqual(deliveryWindow);
      arrived.push(...ids(due));
      await harness.publish(
        server,
        due.map((delivery) => harness.result(server, delivery)),
      );
    }
    expect(arrived).toEqual(expected.map(({ id }) => id));
  });
});

describe('window', () => {
  it('is full with 32 that are sent or waiting on the host, and has room again for each that starts', async () => {
    const made = await queueMany(deliveryWindow + 2);
    const first = await take();
    expect(ids(first)).toEqual(made.slice(0, deliveryWindow));
    expect(await take()).toEqual([]);
    await harness.publish(
      server,
      first.map(({ id }) => received(id)),
    );
    expect(await take()).toEqual([]);
    const [one] = ids(first);
    await harness.publish(server, [
      { started: { commandId: one!, startedAt: new Date().toISOString(), bootId: 'boot', unit: null } },
    ]);
    expect(ids(await take())).toEqual([made[deliveryWindow]]);
    expect(await take()).toEqual([]);
  });

  it('sends all that one short of full leaves room for', async () => {
    const made = await queueMany(deliveryWindow - 1);
    expect(await take()).toHaveLength(deliveryWindow - 1);
    const more = [(await queue()).id, (await queue()).id];
    expect(ids(await take())).toEqual([more[0]]);
    expect(made).not.toContain(more[0]);
  });

  it('sends a full window again after the lease', async () => {
    await queueMany(deliveryWindow);
    const first = await take();
    expect(ids(await take(later(deliveryLeaseMs + 1000)))).toEqual(ids(first));
  });

  it('does not hold back a cancel', async () => {
    await queueMany(deliveryWindow + 1);
    const [first] = await take();
    await harness.feature.commands.cancel(ctx, first!.id);
    expect((await take()).map((delivery) => harness.open(server, delivery).intent.kind)).toEqual(['cancel']);
  });
});

describe('what is not confirmed', () => {
  it('comes again after the lease, byte for byte, and not just before', async () => {
    await queue();
    const now = new Date();
    const [first] = await take(now);
    expect(await take(new Date(now.getTime() + deliveryLeaseMs))).toEqual([]);
    expect(await take(new Date(now.getTime() + deliveryLeaseMs + 1))).toEqual([first]);
  });

  it('comes on a new connection at once, byte for byte', async () => {
    await queue();
    const first = await take();
    await reconnect();
    expect(await take()).toEqual(first);
    expect(await take()).toEqual([]);
  });

  it('does not come any more once it is', async () => {
    await queue();
    const [first] = await take();
    await harness.publish(server, [received(first!.id)]);
    await reconnect();
    expect(await take(later(deliveryLeaseMs * 10))).toEqual([]);
  });

  it('is a cancel too', async () => {
    const { id } = await queue();
    await take();
    await harness.publish(server, [received(id)]);
    await harness.feature.commands.cancel(ctx, id);
    const first = await take();
    expect(await take()).toEqual([]);
    expect(await take(later(deliveryLeaseMs + 1000))).toEqual(first);
    await reconnect();
    expect(await take()).toEqual(first);
    await harness.publish(server, [received(first[0]!.id)]);
    await reconnect();
    expect(await take()).toEqual([]);
  });
});

describe('nothing', () => {
  it('goes to a connection that was displaced, or of another generation', async () => {
    await queue();
    expect(await take(new Date(), { ...server, counter: server.counter - 1 })).toEqual([]);
    expect(await take(new Date(), { ...server, counter: server.counter + 1 })).toEqual([]);
    expect(await take(new Date(), { ...server, generation: 2 })).toEqual([]);
    expect(await take()).toHaveLength(1);
  });

  it('goes out while the queue is held', async () => {
    const { id } = await queue();
    await take();
    await harness.publish(server, [received(id)]);
    await queue();
    await harness.feature.commands.cancel(ctx, id);
    await harness.sql('update servers set queue_held = true where id = $1', [server.serverId]);
    expect(await take()).toEqual([]);
    await harness.sql('update servers set queue_held = false where id = $1', [server.serverId]);
    expect(await take()).toHaveLength(2);
  });

  it('is sent that has expired, from the very moment on', async () => {
    const { expiresAt } = await queue();
    expect(await take(expiresAt)).toEqual([]);
    expect(await take(new Date(expiresAt.getTime() - 1))).toHaveLength(1);
  });

  it('goes to another server', async () => {
    await queue();
    expect(await take(new Date(), await harness.server(workspace))).toEqual([]);
  });

  it('is sent twice when two replicas ask at once', async () => {
    await queueMany(20);
    const replica = await harness.replica();
    const agent = harness.agentContext(server);
    const [here, { deliveries: there }] = await Promise.all([
      take(),
      replica.database.write(agent, (tx) => replica.feature.deliveries.take(tx, server, new Date())),
    ]);
    expect(new Set([...ids(here), ...ids(there)]).size).toBe(20);
    expect(here.length + there.length).toBe(20);
    await replica.stop();
  });
});

describe('a row that was changed behind the control plane', () => {
  /** What the agent makes of the only delivery. */
  async function opened() {
    const [delivery] = await take();
    const { keyId, publicKey } = harness.commandKey;
    return openEnvelope(delivery!.envelope, {
      commandKeys: [{ keyId, publicKey }],
      serverId: server.serverId,
      generation: server.generation,
      now: new Date(),
    });
  }

  it('is what the agent opens as long as nobody has', async () => {
    await queue();
    expect(await opened()).toMatchObject({ ok: true });
  });

  it.each([
    ['one byte of the envelope', `envelope = set_byte(envelope, 40, get_byte(envelope, 40) # 1)`, 'BAD_SIGNATURE'],
    [
      'the program in it',
      `envelope = convert_to(replace(convert_from(envelope, 'UTF8'), 'true', 'evil'), 'UTF8')`,
      'BAD_SIGNATURE',
    ],
    [
      'the signature',
      `envelope_signature = set_byte(envelope_signature, 0, get_byte(envelope_signature, 0) # 1)`,
      'BAD_SIGNATURE',
    ],
    ['the key’s name', `envelope_key_id = repeat('0', 16)`, 'UNKNOWN_KEY'],
    ['all of the envelope', `envelope = ''`, 'BAD_SIGNATURE'],
  ])('is refused: %s', async (_what, change, problem) => {
    const { id } = await queue();
    await harness.sql(`update commands set ${change} where id = $1`, [id]);
    expect(await opened()).toMatchObject({ ok: false, problem });
  });

  it('is refused when a genuine envelope was moved to another server', async () => {
    const other = await harness.server(workspace);
    const { id } = await queue();
    await harness.sql('update commands set server_id = $2 where id = $1', [id, other.serverId]);
    server = other;
    expect(await opened()).toMatchObject({ ok: false, problem: 'OTHER_SERVER' });
  });

  it('is refused when it was inserted without the signer', async () => {
    const { id } = await queue();
    const forged = await harness.copy(id, { envelope: '\\x7b7d' });
    await harness.sql('delete from commands where id = $1', [id]);
    expect(await opened()).toMatchObject({ ok: false, problem: 'BAD_SIGNATURE' });
    await harness.publish(server, [{ refused: { commandId: forged, problem: 'BAD_SIGNATURE' } }]);
    expect(await harness.row(forged)).toMatchObject({ state: 'VETOED' });
    const alerts = await harness.sql('select 1 from audit_entries where target_id = $1 and action = $2', [
      forged,
      'instruction-refused',
    ]);
    expect(alerts).toHaveLength(1);
  });

  it('executes what was signed, whatever the readable columns say', async () => {
    const { id } = await queue();
    await harness.sql(
      `update commands set arguments = jsonb_set(arguments, '{program,argv}', '["evil"]') where id = $1`,
      [id],
    );
    const open = await opened();
    expect(open).toMatchObject({ ok: true, envelope: { intent: { arguments: { program: { argv: ['true'] } } } } });
  });
});
