import { randomUUID } from 'node:crypto';
import type { SeededWorkspace } from '@pilothouse/db/testing';
import { API_LIMITS, CLOSE_CODES, type HostSample } from '@pilothouse/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Identity } from '../../testing/agent-client.js';
import { AgentSessionRepository } from './agent-session.repository.js';
import { GatewayHarness, type Replica } from './testing/gateway.harness.js';

let harness: GatewayHarness;
let workspace: SeededWorkspace;
let agent: Identity;
let second: Replica;

beforeAll(async () => {
  harness = await GatewayHarness.start();
  second = await harness.replica();
  workspace = await harness.workspace();
});
beforeEach(async () => {
  agent = await harness.identity(workspace);
});
afterAll(() => harness.stop());

const SAMPLE: Omit<HostSample, 'time' | 'cpuPct'> = {
  ...{ iowaitPct: 0, stealPct: 0, load1: 0, load5: 0, load15: 0, memUsedMib: 1, memAvailableMib: 1, swapUsedMib: 0 },
  ...{ diskUsedMib: 1, diskReadKibs: 0, diskWriteKibs: 0, netRxKibs: 0, netTxKibs: 0, processCount: 1 },
  ...{ inodesUsedPct: null, psiCpuPct: null, psiMemoryPct: null, psiIoPct: null },
};

const session = () => harness.session(agent.serverId);
const health = (name: string) => ({ health: { checks: [{ name, ok: true, message: null }] } });
const storedHealth = async () => {
  const [row] = await harness.sql<{ health: { checks: { name: string }[] } | null }>(
    'select health from servers where id = $1',
    [agent.serverId],
  );
  return row?.health?.checks[0]?.name;
};
const disconnected = () =>
  vi.waitFor(async () => {
    const row = await session();
    expect(row.disconnectedAt).not.toBeNull();
    return row;
  });

describe('a second connection of the same identity', () => {
  it('raises the epoch and closes the first as superseded', async () => {
    const first = await harness.connect(agent);
    const next = await harness.connect(agent);
    expect(next.ack.epoch).toEqual({ generation: 1, counter: 2 });
    expect(await first.client.closed).toMatchObject({
      code: CLOSE_CODES.SUPERSEDED.code,
      reason: CLOSE_CODES.SUPERSEDED.meaning,
    });
    expect(await next.client.publishAll([health('mine')])).toEqual([]);
    expect(await session()).toMatchObject({ counter: 2, disconnectedAt: null });
  });

  it('on another replica fences the first: its publish fails, writes nothing, and closes it', async () => {
    const first = await harness.connect(agent);
    await first.client.publishAll([health('first')]);
    const next = await harness.connect(agent, { replica: second });
    const answer = await first.client.publish([health('stale')]);
    expect(answer?.data?.publish).toBeUndefined();
    expect((await first.client.closed).code).toBe(CLOSE_CODES.SUPERSEDED.code);
    expect(await storedHealth()).toBe('first');
    await next.client.publishAll([health('second')]);
    expect(await storedHealth()).toBe('second');
    expect(await session()).toMatchObject({ counter: 2, disconnectedAt: null });
  });

  it('on another replica closes an idle first one too', async () => {
    const first = await harness.connect(agent);
    await harness.connect(agent, { replica: second });
    expect((await first.client.closed).code).toBe(CLOSE_CODES.SUPERSEDED.code);
    expect(await session()).toMatchObject({ counter: 2, disconnectedAt: null });
  });

  it('keeps one owner when both come first, at once, on two replicas', async () => {
    const both = await Promise.all([harness.connect(agent), harness.connect(agent, { replica: second })]);
    expect(both.map(({ ack }) => ack.epoch.counter).toSorted((a, b) => a - b)).toEqual([1, 2]);
    const results = await Promise.all(both.map(({ client }) => client.publish([health('x')])));
    expect(results.filter((result) => result?.data?.publish)).toHaveLength(1);
  });

  it('fences samples too: those of the first are not kept', async () => {
    const first = await harness.connect(agent);
    const tick = Math.floor(Date.now() / 10_000) * 10_000;
    const sample = (cpuPct: number, ageMs = 0) => ({
      telemetry: { samples: [{ ...SAMPLE, cpuPct, time: new Date(tick - ageMs).toISOString() }], parts: [] },
    });
    expect(await first.client.publishAll([sample(1, 20_000)])).toEqual([]);
    await harness.connect(agent, { replica: second });
    const answer = await first.client.publish([sample(2, 10_000)]);
    expect(answer?.data?.publish).toBeUndefined();
    const kept = await harness.sql<{ cpu: number }>(
      `select cpu_pct as cpu from telemetry_raw.host_sample h join servers s on s.metric_key = h.server_id where s.id = $1`,
      [agent.serverId],
    );
    expect(kept.map(({ cpu }) => cpu)).toEqual([1]);
  });
});

describe('two instances that take turns', () => {
  it('hold the queue and are put on record, when the one displaced comes back', async () => {
    const [a, b] = [randomUUID(), randomUUID()];
    const held = async () =>
      (await harness.sql<{ queue_held: boolean }>('select queue_held from servers where id = $1', [agent.serverId]))[0]!
        .queue_held;
    await harness.connect(agent, { instanceId: a });
    await harness.connect(agent, { instanceId: b });
    expect(await held()).toBe(false);
    const { client } = await harness.connect(agent, { instanceId: a });
    expect(await held()).toBe(true);
    const entries = await harness.sql(`select 1 from audit_entries where target_id = $1 and action = $2`, [
      agent.serverId,
      'duplicate-identity-found',
    ]);
    expect(entries).toHaveLength(1);
    const { id } = await harness.queue(await harness.member(workspace), agent);
    client.listen();
    for (let time = 0; time < 3; time += 1) await client.publishAll([health('alive')]);
    expect(await harness.command(id)).toMatchObject({ state: 'QUEUED', sentAt: null });
    await harness.sql('update servers set queue_held = false where id = $1', [agent.serverId]);
    harness.main.bus.publish(`queue:${agent.serverId}`);
    expect(await client.instruction()).toMatchObject({ deliveryId: id });
  });

  it('are not suspected when one agent restarts or reconnects', async () => {
    const instanceId = randomUUID();
    for (let time = 0; time < 3; time += 1) await harness.connect(agent, { instanceId });
    for (let time = 0; time < 3; time += 1) await harness.connect(agent);
    expect(await harness.sql('select 1 from servers where id = $1 and queue_held', [agent.serverId])).toEqual([]);
  });
});

describe('too many sockets of one agent', () => {
  it('are refused, and the refused one is not taken for connected', async () => {
    const forget = Array.from({ length: API_LIMITS.maxSocketsPerPrincipal }, () =>
      harness.main.sockets.add({
        address: '',
        principal: agent.agentId,
        keepsRights: async () => true,
        close: () => undefined,
      }),
    );
    const client = await harness.open();
    expect(await client.shake(harness.hello(agent, client))).toBeNull();
    expect((await client.closed).code).toBe(CLOSE_CODES.TOO_MANY_SOCKETS.code);
    expect(await session()).toMatchObject({ disconnectReason: CLOSE_CODES.TOO_MANY_SOCKETS.meaning });
    forget[0]?.();
    await harness.connect(agent);
  });
});

describe('the end of a connection', () => {
  it('is noted with its reason', async () => {
    const { client } = await harness.connect(agent);
    await client.end();
    expect(await disconnected()).toMatchObject({ disconnectReason: 'The agent closed the connection' });
    const [connection] = await harness.sql<{ disconnect_reason: string }>(
      'select disconnect_reason from agent_connections where server_id = $1',
      [agent.serverId],
    );
    expect(connection).toEqual({ disconnect_reason: 'The agent closed the connection' });
  });

  it('tells a cut from a goodbye', async () => {
    const { client } = await harness.connect(agent);
    client.socket.terminate();
    expect(await disconnected()).toMatchObject({ disconnectReason: 'The connection broke' });
  });

  it('does not end the connection that has taken its place', async () => {
    const first = await harness.connect(agent);
    await harness.connect(agent);
    await first.client.closed;
    await harness.main.keeper.sweepSilent();
    expect(await session()).toMatchObject({ counter: 2, disconnectedAt: null });
  });

  it('comes to a socket that falls silent, and to no other', async () => {
    const quick = await harness.replica({ silenceTimeoutMs: 400 });
    const alive = await harness.identity(workspace);
    const living = await harness.connect(alive, { replica: quick });
    const { client } = await harness.connect(agent, { replica: quick });
    // Its kernel goes on, the process does not: as under SIGSTOP.
    client.socket.pause();
    expect(await disconnected()).toMatchObject({ disconnectReason: CLOSE_CODES.SILENT.meaning });
    expect(living.client.socket.readyState).toBe(living.client.socket.OPEN);
    client.socket.resume();
  });

  it('comes when the server is revoked, within the time of a poll', async () => {
    const { client } = await harness.connect(agent);
    await harness.sql('update agent_identities set revoked_at = now() where server_id = $1', [agent.serverId]);
    await harness.sql(`insert into revocations (kind, subject_id) values ('SERVER', $1)`, [agent.serverId]);
    expect((await client.closed).code).toBe(CLOSE_CODES.REVOKED.code);
    expect(await disconnected()).toMatchObject({ disconnectReason: CLOSE_CODES.REVOKED.meaning });
  });
});

describe('a session whose replica died', () => {
  const silentFor = (seconds: number) =>
    harness.sql(`update agent_sessions set last_frame_at = now() - $2 * interval '1 s' where server_id = $1`, [
      agent.serverId,
      seconds,
    ]);
  const orphan = () =>
    harness.sql(
      `insert into agent_sessions (server_id, workspace_id, generation, counter, connected_at, last_frame_at)
       values ($1, $2, 1, 7, now(), now())`,
      [agent.serverId, agent.workspaceId],
    );

  it('is closed by another after 25 s without a frame, not before', async () => {
    await orphan();
    await silentFor(24);
    await second.keeper.sweepSilent();
    expect(await session()).toMatchObject({ disconnectedAt: null });
    await silentFor(26);
    await second.keeper.sweepSilent();
    expect(await session()).toMatchObject({ disconnectReason: 'No frame was received for 20 s' });
  });

  it('is left to a replica that holds the connection itself, and closed by any other', async () => {
    await harness.connect(agent);
    const later = new Date(Date.now() + 60_000);
    await harness.main.keeper.sweepSilent(later);
    expect(await session()).toMatchObject({ disconnectedAt: null });
    await second.keeper.sweepSilent(later);
    expect(await session()).toMatchObject({ disconnectReason: 'No frame was received for 20 s' });
  });

  it('is left alone when its agent has come back since it was found silent', async () => {
    await orphan();
    const { workspaceId, serverId } = agent;
    vi.spyOn(AgentSessionRepository.prototype, 'findSilent').mockResolvedValueOnce([{ workspaceId, serverId }]);
    await second.keeper.sweepSilent();
    expect(await session()).toMatchObject({ disconnectedAt: null });
  });

  it('that lives after all is told to come back at once, not that somebody else has taken over', async () => {
    const { client } = await harness.connect(agent);
    await harness.sql('update agent_sessions set disconnected_at = now() where server_id = $1', [agent.serverId]);
    expect((await client.closed).code).toBe(CLOSE_CODES.SILENT.code);
  });
});

describe('a running command', () => {
  it('is marked while its server is unreachable, and followers are told both ways', async () => {
    const ctx = await harness.member(workspace);
    const { client } = await harness.connect(agent);
    const { id } = await harness.queue(ctx, agent);
    const at = new Date().toISOString();
    await client.publishAll([{ started: { commandId: id, startedAt: at, bootId: 'boot', unit: null } }]);
    const changes = () => harness.sql('select 1 from workspace_events where subject_id = $1', [id]);
    const [revision, before] = [(await harness.command(id)).revision, (await changes()).length];
    await client.end();
    await disconnected();
    expect(await harness.command(id)).toMatchObject({ state: 'RUNNING', revision: revision + 1 });
    expect((await harness.command(id)).unreachableSince).not.toBeNull();
    await harness.connect(agent);
    expect(await harness.command(id)).toMatchObject({ unreachableSince: null, revision: revision + 2 });
    expect(await changes()).toHaveLength(before + 2);
  });
});

it('an agent whose instructions fail is told so without a word of the inside', async () => {
  const { client } = await harness.connect(agent);
  await harness.sql('alter table instructions rename to canary');
  const id = client.listen();
  const answer = await client.next((message) => message.id === id && message.type !== 'next');
  await harness.sql('alter table canary rename to instructions');
  expect(answer).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'INTERNAL' } }] });
  expect(JSON.stringify(answer)).not.toContain('instructions');
});
