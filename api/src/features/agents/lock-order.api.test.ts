import type { SeededWorkspace } from '@pilothouse/db/testing';
import { CLOSE_CODES, generateSigningKey, signKeyRotation } from '@pilothouse/protocol';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Identity } from '../../testing/agent-client.js';
import { GatewayHarness } from './testing/gateway.harness.js';

const VERSIONS = { min: 1, max: 2 };

let harness: GatewayHarness;
let workspace: SeededWorkspace;
let agent: Identity;
let other: Client & { processID?: number };

beforeAll(async () => {
  harness = await GatewayHarness.start();
  workspace = await harness.workspace();
});
beforeEach(async () => {
  agent = await harness.identity(workspace);
  other = new Client({ connectionString: harness.db.adminUrl });
  await other.connect();
});
afterEach(() => other.end());
afterAll(() => harness.stop());

/** Somebody waits for what the other transaction has locked: the event itself, as the server sees it. */
const somebodyWaits = () =>
  vi.waitFor(
    async () => {
      const waiting = await harness.sql('select 1 from pg_stat_activity where $1 = any(pg_blocking_pids(pid))', [
        other.processID,
      ]);
      expect(waiting).toHaveLength(1);
    },
    { timeout: 10_000, interval: 5 },
  );

const lockServer = async () => {
  await other.query('begin');
  await other.query('select from servers where id = $1 for no key update', [agent.serverId]);
};

describe('a transaction that has locked the server', () => {
  it('comes to the identity too, while a displaced instance takes over a new key', async () => {
    const [a, b] = [uuidv7(), uuidv7()];
    const next = generateSigningKey();
    const { client, ack } = await harness.connect(agent, { instanceId: a, versions: VERSIONS });
    const { serverId, agentId, key } = agent;
    const announced = signKeyRotation(key, next, { serverId, agentId, epoch: ack.epoch });
    expect(await client.publishAll([{ keyRotation: announced }])).toEqual([]);
    await harness.connect(agent, { instanceId: b, versions: VERSIONS });
    await lockServer();
    const back = harness.connect({ ...agent, key: next }, { instanceId: a, versions: VERSIONS });
    await somebodyWaits();
    await other.query('update agent_identities set rotation_asked_at = now() where server_id = $1', [serverId]);
    await other.query('commit');
    expect((await back).ack.epoch.counter).toBe(3);
    const rows = await harness.sql(
      `select i.public_key, s.queue_held from agent_identities i join servers s on s.id = i.server_id where i.id = $1`,
      [agentId],
    );
    expect(rows).toEqual([{ public_key: next.publicKey, queue_held: true }]);
  });

  it('comes to the session too, while the agent publishes what its host is like', async () => {
    const { client } = await harness.connect(agent);
    await lockServer();
    const published = client.publish([{ health: { checks: [] } }]);
    await somebodyWaits();
    await other.query('update agent_sessions set counter = counter + 1 where server_id = $1', [agent.serverId]);
    await other.query('commit');
    // Closed before it was answered: it was refused for what it is, and not because the database gave up.
    expect(await published).toBeNull();
    expect((await client.closed).code).toBe(CLOSE_CODES.SUPERSEDED.code);
  });
});

describe('a handshake that has proven a key', () => {
  it.each([
    [
      'another key has taken its place',
      CLOSE_CODES.HANDSHAKE_REFUSED,
      'update agent_identities set public_key = $2 where id = $1',
    ],
    [
      'its identity was revoked',
      CLOSE_CODES.REVOKED,
      'update agent_identities set revoked_at = now() where id = $1 and $2::text is not null',
    ],
    [
      'its server is of another generation',
      CLOSE_CODES.HANDSHAKE_REFUSED,
      `update servers s set generation = generation + 1 from agent_identities i
        where i.id = $1 and s.id = i.server_id and $2::text is not null`,
    ],
  ])('raises no epoch when %s before it is its turn', async (_what, { code }, change) => {
    await harness.connect(agent);
    await other.query('begin');
    await other.query('select from agent_sessions where server_id = $1 for update', [agent.serverId]);
    const client = await harness.open();
    const answered = client.shake(harness.hello(agent, client));
    await somebodyWaits();
    await other.query(change, [agent.agentId, generateSigningKey().publicKey]);
    await other.query('commit');
    expect(await answered).toBeNull();
    expect((await client.closed).code).toBe(code);
    expect((await harness.session(agent.serverId)).counter).toBe(1);
  });
});
