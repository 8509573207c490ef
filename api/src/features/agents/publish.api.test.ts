import type { CommandEntity } from '@pilothouse/db';
import type { SeededWorkspace } from '@pilothouse/db/testing';
import { CLOSE_CODES, LINK_LIMITS, openEnvelope, sha256Hex } from '@pilothouse/protocol';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { CONNECTS_OF_ONE_AGENT } from './handshake.service.js';
import { PRICES_MS } from './publish-prices.js';
import { PublishTurns } from './publish-turns.js';
import { operation, type AgentClient, type Identity } from '../../testing/agent-client.js';
import { HOST_FACTS } from '../../testing/fleet.js';
import { GatewayHarness } from './testing/gateway.harness.js';

let harness: GatewayHarness;
let workspace: SeededWorkspace;
let ctx: WorkspaceContext;
let agent: Identity;
let client: AgentClient;

beforeAll(async () => {
  harness = await GatewayHarness.start();
  workspace = await harness.workspace();
  ctx = await harness.member(workspace);
});
beforeEach(async () => {
  agent = await harness.identity(workspace);
  ({ client } = await harness.connect(agent));
});
afterAll(() => harness.stop());

const received = (commandId: string) => ({ received: { commandId } });
const output = (commandId: string, seq: number, data = 'x') => ({
  output: { commandId, seq, stream: 'STDOUT', offset: 0, data: Buffer.from(data).toString('base64') },
});

describe('operations', () => {
  it.each([
    ['any other text', 'mutation { publish(frames: []) { refused { index } } }'],
    ['introspection', '{ __schema { types { name } } }'],
    ['a field that is not published', '{ protocolVersion }'],
    ['the published text itself', 'subscription Instructions { instructions { __typename } }'],
    ['an unknown hash', `sha256:${'0'.repeat(64)}`],
    ['a hash without its kind', operation('Publish').slice('sha256:'.length)],
  ])('close the socket: %s', async (_what, query) => {
    client.subscribe(query);
    expect((await client.closed).code).toBe(CLOSE_CODES.UNKNOWN_OPERATION.code);
  });

  it('may be four at a time, not five', async () => {
    for (let count = 0; count < 4; count += 1) client.listen();
    client.send({ type: 'ping' });
    expect(await client.next(({ type }) => type === 'pong')).not.toBeNull();
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    client.listen();
    expect((await client.closed).code).toBe(CLOSE_CODES.TOO_MANY_OPERATIONS.code);
  });
});

describe('messages', () => {
  const padded = (bytes: number) => {
    const message = JSON.stringify({ type: 'ping', payload: { padding: '' } });
    return message.replace('""', `"${'x'.repeat(bytes - message.length)}"`);
  };

  it('may have 64 KiB before the handshake, and not a byte more', async () => {
    const limit = LINK_LIMITS.maxMessageBytesBeforeAuthentication;
    const stranger = await harness.open();
    stranger.send(padded(limit));
    expect(await stranger.next(({ type }) => type === 'pong')).not.toBeNull();
    stranger.send(padded(limit + 1));
    expect((await stranger.closed).code).toBe(CLOSE_CODES.MESSAGE_TOO_BIG.code);
  });

  it('may have 1 MiB after it, and not a byte more', async () => {
    const limit = LINK_LIMITS.maxMessageBytes;
    client.send(padded(limit));
    expect(await client.next(({ type }) => type === 'pong')).not.toBeNull();
    client.send(padded(limit + 1));
    expect((await client.closed).code).toBe(1009);
  });

  it('are text, and in the form of graphql-ws', async () => {
    client.socket.send(Buffer.from('{}'), { binary: true });
    expect((await client.closed).code).toBe(CLOSE_CODES.MESSAGE_TOO_BIG.code);
    const other = (await harness.connect(agent)).client;
    other.send('not json');
    expect((await other.closed).code).toBe(4400);
  });
});

describe('frames', () => {
  it('may be 256 in a publish, not one more', async () => {
    const { id } = await harness.queue(ctx, agent);
    const frames = (count: number) => Array.from({ length: count }, () => received(id));
    expect(await client.publishAll(frames(LINK_LIMITS.maxFramesPerPublish))).toEqual([]);
    const answer = await client.publish(frames(LINK_LIMITS.maxFramesPerPublish + 1));
    expect(answer.errors[0].extensions.code).toBe('BAD_USER_INPUT');
  });

  it('that are malformed are refused one by one, and the good ones of the same publish are kept', async () => {
    const { id } = await harness.queue(ctx, agent);
    const bad = [
      {},
      'text',
      [received(id)],
      { received: { commandId: 'no-id' } },
      { received: { commandId: id, more: 1 } },
      { ...received(id), ...output(id, 1) },
      { unknown: {} },
      { started: { commandId: id, startedAt: 'yesterday', bootId: '', unit: null } },
      { started: { commandId: id, startedAt: '2026-11-21T00:00:00.000Z', bootId: 'a\0b', unit: null } },
      { output: { ...output(id, 1).output, seq: 1e300 } },
      { output: { ...output(id, 1).output, data: 'no base64!' } },
      output(id, 1, 'x'.repeat(65_537)),
      { outputGap: { commandId: id, fromSeq: 1, toSeq: 2, bytes: -1 } },
      { result: { statement: 'AAAA', signature: 'AAAA' } },
      { refused: { commandId: id, problem: 'a\0b' } },
      { health: { checks: [{ name: 'a\0b', ok: true, message: null }] } },
      { health: { checks: [{ name: 'x', ok: false, message: '\ud800' }] } },
    ];
    const refused = await client.publishAll([received(id), ...bad, output(id, 1)]);
    expect(refused.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(bad.map((_, index) => index + 1));
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['MALFORMED']));
    expect(await harness.command(id)).toMatchObject({ state: 'DELIVERED', outputLastSeq: 1 });
  });

  it('are not touched by null, which no list of them may hold', async () => {
    const answer = await client.publish([null]);
    expect(answer.data?.publish ?? null).toBeNull();
  });
});

describe('a report', () => {
  const changesAfter = async (frame: object) => {
    expect(await client.publishAll([frame])).toEqual([]);
    const [row] = await harness.sql<{ changes: number }>(
      `select count(*)::int as changes from workspace_events where kind = 'SERVER' and subject_id = $1`,
      [agent.serverId],
    );
    return row!.changes;
  };

  it.each([
    ['facts', { facts: HOST_FACTS }, { facts: { ...HOST_FACTS, hostname: 'renamed.example.test' } }],
    ['health', { health: { checks: [] } }, { health: { checks: [{ name: 'a', ok: false, message: null }] } }],
  ])('of %s is a change when it says something else than before', async (_kind, first, other) => {
    const before = await changesAfter(first);
    expect(await changesAfter(first)).toBe(before);
    expect(await changesAfter(other)).toBe(before + 1);
  });
});

describe('the answer to a publish', () => {
  let holder: Client;
  beforeEach(async () => {
    holder = new Client({ connectionString: harness.db.adminUrl });
    await holder.connect();
  });

  /** The backend of the gateway that waits for what the test holds locked. */
  const blocked = () =>
    vi.waitFor(async () => {
      const [row] = await harness.sql<{ pid: number }>(
        `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(row).toBeDefined();
      return row!.pid;
    });

  it('comes after the commit, never before', async () => {
    const { id } = await harness.queue(ctx, agent);
    await holder.query('begin');
    await holder.query('select from commands where id = $1 for update', [id]);
    let answered = false;
    const answer = client.publishAll([received(id)]).then((refused) => {
      answered = true;
      return refused;
    });
    await blocked();
    expect(answered).toBe(false);
    await holder.query('rollback');
    expect(await answer).toEqual([]);
    expect(await harness.command(id)).toMatchObject({ state: 'DELIVERED' });
    await holder.end();
  });

  it('is no confirmation when the database connection dies in between, and sent again it is kept once', async () => {
    const { id } = await harness.queue(ctx, agent);
    const frames = [received(id), output(id, 1, 'once')];
    await holder.query('begin');
    await holder.query('select from commands where id = $1 for update', [id]);
    const answer = client.publish(frames);
    const pid = await blocked();
    await holder.query('select pg_terminate_backend($1)', [pid]);
    expect((await answer)?.data?.publish).toBeUndefined();
    await holder.query('rollback');
    expect(await harness.command(id)).toMatchObject({ state: 'QUEUED', revision: 1, outputLastSeq: 0 });
    expect(await client.publishAll(frames)).toEqual([]);
    expect(await client.publishAll(frames)).toEqual([]);
    expect(await harness.command(id)).toMatchObject({ state: 'DELIVERED', revision: 2, stdoutBytes: 4 });
    await holder.end();
  });
});

describe('instructions', () => {
  it('come as they are queued, genuine, and only to their own agent', async () => {
    const other = await harness.identity(workspace);
    const elsewhere = (await harness.connect(other)).client;
    client.listen();
    elsewhere.listen();
    const mine = await harness.queue(ctx, agent);
    const instruction = await client.instruction();
    expect(instruction).toMatchObject({ __typename: 'EnvelopeInstruction', deliveryId: mine.id });
    const opened = openEnvelope(
      {
        bytes: Buffer.from(instruction!.bytes!, 'base64'),
        keyId: instruction!.keyId!,
        signature: Buffer.from(instruction!.envelopeSignature!, 'base64'),
      },
      { commandKeys: [harness.commandKey], serverId: agent.serverId, generation: 1, now: new Date() },
    );
    expect(opened).toMatchObject({ ok: true });
    const theirs = await harness.queue(ctx, other);
    expect(await elsewhere.instruction()).toMatchObject({ deliveryId: theirs.id });
  });

  it('queued on another replica are found by asking', async () => {
    const second = await harness.replica();
    client.listen();
    const { id } = await harness.queue(ctx, agent, second);
    expect(await client.instruction()).toMatchObject({ deliveryId: id });
  });

  it('that wait are sent as soon as the agent is back', async () => {
    await client.end();
    const { id } = await harness.queue(ctx, agent);
    const back = (await harness.connect(agent)).client;
    back.listen();
    expect(await back.instruction()).toMatchObject({ deliveryId: id });
  });

  it('lead a command from the queue to its end', async () => {
    client.listen();
    const { id } = await harness.queue(ctx, agent);
    await client.instruction();
    const command = await harness.command(id);
    const startedAt = new Date().toISOString();
    expect(
      await client.publishAll([
        received(id),
        { started: { commandId: id, startedAt, bootId: 'boot', unit: null } },
        output(id, 1, 'hello'),
        harness.result(agent, command, { lastOutputSeq: 1 }),
      ]),
    ).toEqual([]);
    expect(await harness.command(id)).toMatchObject({ state: 'SUCCEEDED', exitCode: 0, stdoutBytes: 5 });
  });
});

describe('a hostile agent', () => {
  /** Everything of the victim that an agent could touch. When its own frames came is noted every three seconds. */
  const traces = async (victim: Identity, command: CommandEntity) => ({
    command: await harness.command(command.id),
    // When its frames and pongs came is noted every few seconds, whatever others do.
    session: Object.assign({}, await harness.session(victim.serverId), { lastFrameAt: null, latencyMs: null }),
    server: await harness.sql('select facts, health, facts_at from servers where id = $1', [victim.serverId]),
    tags: await harness.sql('select tag from server_tags where server_id = $1', [victim.serverId]),
    output: await harness.sql('select seq from command_output where command_id = $1', [command.id]),
    instructions: await harness.sql('select id, received_at from instructions where server_id = $1', [victim.serverId]),
    audit: await harness.sql('select sequence from audit_entries where target_id = any($1)', [
      [victim.serverId, command.id],
    ]),
    changes: await harness.sql('select seq from workspace_events where subject_id = any($1)', [
      [victim.serverId, command.id],
    ]),
  });

  it('cannot touch another server by any field of its schema, in or out of its workspace', async () => {
    for (const home of [workspace, await harness.workspace()]) {
      const victim = await harness.identity(home);
      await harness.connect(victim);
      const owner = await harness.member(home);
      const queued = await harness.queue(owner, victim);
      await harness.sql('update commands set sent_at = now(), sent_counter = 1 where id = $1', [queued.id]);
      await harness.main.commands.commands.cancel(owner, queued.id);
      const [cancel] = await harness.sql<{ id: string }>('select id from instructions where command_id = $1', [
        queued.id,
      ]);
      const command = await harness.command(queued.id);
      const before = await traces(victim, command);
      const startedAt = new Date().toISOString();
      for (const id of [command.id, cancel!.id, victim.serverId, victim.agentId, uuidv7()]) {
        const target = { id, envelopeDigest: command.envelopeDigest };
        const frames = [
          received(id),
          { started: { commandId: id, startedAt, bootId: 'boot', unit: 'evil.service' } },
          output(id, 1),
          { outputGap: { commandId: id, fromSeq: 1, toSeq: 9, bytes: 9 } },
          { refused: { commandId: id, problem: 'BAD_SIGNATURE' } },
          harness.result({ ...agent, agentId: agent.agentId }, target),
          harness.result({ ...agent, agentId: victim.agentId }, target),
          harness.result(victim, target),
        ];
        for (const frame of frames) expect(await client.publishAll([frame]), JSON.stringify(frame)).toHaveLength(1);
      }
      expect(await traces(victim, command)).toEqual(before);
    }
  });

  it('cannot name a server, workspace or epoch at all: no frame has a place for one', async () => {
    const { id } = await harness.queue(ctx, agent);
    const places = ['serverId', 'workspaceId', 'epoch', 'agentId', 'server_id'];
    const frames = places.map((name) => ({ received: { commandId: id, [name]: uuidv7() } }));
    expect((await client.publishAll(frames)).map(({ code }) => code)).toEqual(places.map(() => 'MALFORMED'));
  });

  it('cannot end its own command with another’s signature or for other bytes', async () => {
    const other = await harness.identity(workspace);
    const command = await harness.command((await harness.queue(ctx, agent)).id);
    const refused = await client.publishAll([
      harness.result({ ...agent, key: other.key }, command),
      harness.result(agent, { id: command.id, envelopeDigest: sha256Hex('other') }),
    ]);
    expect(refused.map(({ index, code }) => [index, code])).toEqual([[0, 'BAD_RESULT']]);
    expect(await harness.command(command.id)).toMatchObject({ state: 'QUEUED', revision: 1 });
  });

  it.each([
    ['publishes', operation('Publish'), { frames: [{ health: { checks: [] } }] }],
    ['subscriptions', operation('Instructions'), {}],
  ])('cannot pile up %s by calling each complete while it is under way', async (_what, query, variables) => {
    for (let count = 0; count < 50; count += 1) {
      client.send({ type: 'complete', id: client.subscribe(query, variables) });
    }
    expect((await client.closed).code).toBe(CLOSE_CODES.TOO_MANY_OPERATIONS.code);
  });

  it('waits for its next publish as long as what was refused is worth, also on a new connection', async () => {
    const frames = Array.from({ length: 32 }, () => received(uuidv7()));
    const beganMs = performance.now();
    expect(await client.publishAll(frames)).toHaveLength(frames.length);
    const again = (await harness.connect(agent)).client;
    expect(await again.publishAll([{ health: { checks: [] } }])).toEqual([]);
    expect(performance.now() - beganMs).toBeGreaterThan(frames.length * PRICES_MS.refusedFrame - 2000);
  });

  it('pays for what it sends beside its publishes, too', async () => {
    const charge = vi.spyOn(PublishTurns.prototype, 'charge');
    const messageKib = 900;
    client.send({ type: 'pong', payload: { text: 'x'.repeat(messageKib * 1024) } });
    await client.publishAll([{ health: { checks: [] } }]);
    const pricesMs = charge.mock.calls.flatMap(([{ agent: payer }, ms]) =>
      payer.agentId === agent.agentId ? [ms] : [],
    );
    charge.mockRestore();
    expect(pricesMs).toHaveLength(2);
    expect(pricesMs[0]).toBeCloseTo(messageKib * PRICES_MS.receivedKib, 1);
    expect(pricesMs[1]).toBeLessThan(PRICES_MS.receivedKib);
  });

  it('has every frame about what is not its own refused, and those about its own kept, however many come', async () => {
    const { id } = await harness.queue(ctx, agent);
    const foreign = (await harness.queue(ctx, await harness.identity(workspace))).id;
    const frames = Array.from({ length: 24 }, (_, index) =>
      received(index === 12 ? id : index % 2 ? foreign : uuidv7()),
    );
    const refused = await client.publishAll(frames);
    expect(refused.map(({ index }) => index)).toEqual(frames.flatMap((_, index) => (index === 12 ? [] : [index])));
    expect(await harness.command(id)).toMatchObject({ state: 'DELIVERED' });
    expect(await harness.command(foreign)).toMatchObject({ state: 'QUEUED' });
  });

  it('has its last report of a kind stored, once for all that came together', async () => {
    const reports = ['first', 'last'].map((name) => ({ health: { checks: [{ name, ok: true, message: null }] } }));
    await client.publishAll(reports);
    const [row] = await harness.sql<{ health: unknown }>('select health from servers where id = $1', [agent.serverId]);
    expect(row!.health).toEqual(reports[1]!.health);
  });

  it('has each frame refused by itself, up to where so many were wrong that the rest is not read', async () => {
    const good = { health: { checks: [] } };
    const wrong = Array.from({ length: 32 }, () => ({ nonsense: 1 }));
    expect(await client.publishAll([...wrong.slice(1), good])).toHaveLength(31);
    expect(await client.publishAll([...wrong, good])).toHaveLength(33);
  });

  it('connects as often as is its share in a minute, and keeps nobody else from it', async () => {
    const rogue = await harness.identity(workspace);
    for (let count = 0; count < CONNECTS_OF_ONE_AGENT.points; count += 1) {
      (await harness.connect(rogue)).client.socket.terminate();
    }
    await expect(harness.connect(rogue)).rejects.toThrow(String(CLOSE_CODES.TOO_MANY_SOCKETS.code));
    await harness.connect(await harness.identity(workspace));
  }, 60_000);
});
