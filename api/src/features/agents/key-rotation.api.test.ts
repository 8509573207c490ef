import type { SeededWorkspace } from '@pilothouse/db/testing';
import {
  CLOSE_CODES,
  fingerprintOf,
  generateSigningKey,
  signKeyRotation,
  type ControlPlaneAck,
  type SigningKey,
} from '@pilothouse/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AgentClient, Identity } from '../../testing/agent-client.js';
import { GatewayHarness, type Connected } from './testing/gateway.harness.js';

const VERSIONS = { min: 1, max: 2 };

let harness: GatewayHarness;
let workspace: SeededWorkspace;
let agent: Identity;
let next: SigningKey;

beforeAll(async () => {
  harness = await GatewayHarness.start();
  workspace = await harness.workspace();
});
beforeEach(async () => {
  agent = await harness.identity(workspace);
  next = generateSigningKey();
});
afterAll(() => harness.stop());

const connect = (identity = agent): Promise<Connected> => harness.connect(identity, { versions: VERSIONS });
const withKey = (key: SigningKey): Identity => ({ ...agent, key });

function announcement(ack: Pick<ControlPlaneAck, 'epoch'>, key = next, { serverId, agentId, key: current } = agent) {
  return { keyRotation: signKeyRotation(current, key, { serverId, agentId, epoch: ack.epoch }) };
}

/** The code with which a hello under this key is refused; 0 when it is taken. */
async function codeWith(key: SigningKey): Promise<number> {
  const client = await harness.open();
  const ack = await client.shake(harness.hello(agent, client, { versions: VERSIONS }, key));
  return ack ? 0 : (await client.closed).code;
}

const refusalOf = async (client: AgentClient, frame: unknown) => (await client.publishAll([frame]))[0]?.code ?? null;

const keysOf = async ({ agentId } = agent) =>
  (
    await harness.sql<{ current: string; next: string | null; asked: boolean }>(
      `select public_key as current, next_public_key as next, rotation_asked_at is not null as asked
         from agent_identities where id = $1`,
      [agentId],
    )
  )[0];

const recordsOf = ({ serverId } = agent) =>
  harness.sql<{ action: string; detail: string; actor_kind: string }>(
    `select action, detail, actor_kind from audit_entries where target_id = $1 and action like 'agent-key-%' order by sequence`,
    [serverId],
  );

describe('a key that is announced', () => {
  it('by both keys becomes the current one with the first hello under it, and the former is void', async () => {
    const { client, ack } = await connect();
    expect(await refusalOf(client, announcement(ack))).toBeNull();
    expect(await keysOf()).toMatchObject({ current: agent.key.publicKey, next: next.publicKey });
    const { ack: second } = await connect(withKey(next));
    expect(second.epoch).toEqual({ generation: 1, counter: 2 });
    expect(await keysOf()).toEqual({ current: next.publicKey, next: null, asked: false });
    expect((await client.closed).code).toBe(CLOSE_CODES.SUPERSEDED.code);
    expect(await codeWith(agent.key)).toBe(CLOSE_CODES.HANDSHAKE_REFUSED.code);
    expect(await codeWith(next)).toBe(0);
  });

  it('goes on record with both fingerprints, and is found there by its public key when it has gone', async () => {
    const { client, ack } = await connect();
    await client.publishAll([announcement(ack), announcement(ack)]);
    await client.publishAll([announcement(ack)]);
    await connect(withKey(next));
    const records = await recordsOf();
    expect(records.map(({ action, actor_kind }) => [action, actor_kind])).toEqual([
      ['agent-key-announced', 'AGENT'],
      ['agent-key-rotated', 'SYSTEM'],
    ]);
    for (const { detail } of records) {
      expect(JSON.parse(detail)).toMatchObject({
        agentId: agent.agentId,
        publicKey: next.publicKey,
        fingerprint: fingerprintOf(next.publicKey),
        formerFingerprint: fingerprintOf(agent.key.publicKey),
      });
    }
  });

  it('leaves the current one good until it is used', async () => {
    const { client, ack } = await connect();
    await client.publishAll([announcement(ack)]);
    expect(await codeWith(agent.key)).toBe(0);
    expect(await codeWith(next)).toBe(0);
  });

  it('signs results from then on, and the former key signs none', async () => {
    const ctx = await harness.member(workspace);
    const command = await harness.command((await harness.queue(ctx, agent)).id);
    const { client, ack } = await connect();
    await client.publishAll([announcement(ack)]);
    const { client: second } = await connect(withKey(next));
    expect(await refusalOf(second, harness.result(agent, command))).toBe('BAD_RESULT');
    expect(await refusalOf(second, harness.result(withKey(next), command))).toBeNull();
    expect(await harness.command(command.id)).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('is good once: whoever tries both at the same moment is let in by one', async () => {
    const { client, ack } = await connect();
    await client.publishAll([announcement(ack)]);
    await Promise.all([codeWith(next), codeWith(agent.key), codeWith(next), codeWith(agent.key)]);
    expect(await keysOf()).toMatchObject({ current: next.publicKey, next: null });
    expect((await recordsOf()).filter(({ action }) => action === 'agent-key-rotated')).toHaveLength(1);
    expect(await codeWith(agent.key)).toBe(CLOSE_CODES.HANDSHAKE_REFUSED.code);
  });
});

describe('an announcement is refused', () => {
  it.each<[string, (ack: ControlPlaneAck, other: Identity) => unknown]>([
    ['by a stranger’s key', (ack) => announcement(ack, next, withKey(generateSigningKey()))],
    ['without proof of the new key', (ack) => without(announcement(ack), 'proof')],
    ['without the current key', (ack) => without(announcement(ack), 'signature')],
    ['of another server', (ack, { serverId }) => announcement(ack, next, { ...agent, serverId })],
    ['of another agent', (ack, { agentId }) => announcement(ack, next, { ...agent, agentId })],
    ['of another generation', ({ epoch }) => announcement({ epoch: { ...epoch, generation: 2 } })],
    ['of another connection', ({ epoch }) => announcement({ epoch: { ...epoch, counter: epoch.counter + 1 } })],
    ['of the current key itself', (ack) => announcement(ack, agent.key)],
  ])('%s', async (_which, make) => {
    const { client, ack } = await connect();
    const other = await harness.identity(workspace);
    expect(await refusalOf(client, make(ack, other))).toBe('BAD_ROTATION');
    expect(await keysOf()).toMatchObject({ next: null });
    expect(await keysOf(other)).toMatchObject({ next: null });
  });

  /** With a signature of the other key where one is missing. */
  function without({ keyRotation }: ReturnType<typeof announcement>, missing: 'proof' | 'signature') {
    const other = missing === 'proof' ? 'signature' : 'proof';
    return { keyRotation: { ...keyRotation, [missing]: keyRotation[other] } };
  }

  it('when it is replayed on a later connection', async () => {
    const { ack } = await connect();
    const replayed = announcement(ack);
    const { client } = await connect();
    expect(await refusalOf(client, replayed)).toBe('BAD_ROTATION');
  });

  it('while another key is announced, and not once that is void', async () => {
    const { client, ack } = await connect();
    await client.publishAll([announcement(ack)]);
    const other = generateSigningKey();
    expect(await refusalOf(client, announcement(ack, other))).toBe('ROTATION_PENDING');
    expect(await keysOf()).toMatchObject({ next: next.publicKey });
    await expire();
    expect(await refusalOf(client, announcement(ack, other))).toBeNull();
    expect(await keysOf()).toMatchObject({ next: other.publicKey });
  });

  it('when the key is younger than a minute and nobody has asked for another', async () => {
    const { client, ack } = await connect();
    await client.publishAll([announcement(ack)]);
    agent = withKey(next);
    const { client: second, ack: secondAck } = await connect();
    const third = generateSigningKey();
    expect(await refusalOf(second, announcement(secondAck, third))).toBe('ROTATION_TOO_SOON');
    await harness.sql(`update agent_identities set rotated_at = now() - interval '61 s' where id = $1`, [
      agent.agentId,
    ]);
    expect(await refusalOf(second, announcement(secondAck, third))).toBeNull();
  });

  it('on a connection that a newer one has displaced, which is closed', async () => {
    const { client, ack } = await connect();
    await harness.sql('update agent_sessions set counter = counter + 1 where server_id = $1', [agent.serverId]);
    await client.publish([announcement(ack)]);
    expect((await client.closed).code).toBe(CLOSE_CODES.SUPERSEDED.code);
    expect(await keysOf()).toMatchObject({ next: null });
  });

  it('of an identity that is revoked, whose connection is closed', async () => {
    const { client, ack } = await connect();
    await harness.sql('update agent_identities set revoked_at = now() where id = $1', [agent.agentId]);
    await client.publish([announcement(ack)]);
    expect((await client.closed).code).toBe(CLOSE_CODES.SUPERSEDED.code);
    expect(await keysOf()).toMatchObject({ next: null });
  });
});

const expire = () =>
  harness.sql(`update agent_identities set next_key_until = now() - interval '1 ms' where id = $1`, [agent.agentId]);

describe('a hello', () => {
  it('under an announced key whose time is over is refused, and the current key stays', async () => {
    const { client, ack } = await connect();
    await client.publishAll([announcement(ack)]);
    await expire();
    expect(await codeWith(next)).toBe(CLOSE_CODES.HANDSHAKE_REFUSED.code);
    expect(await keysOf()).toMatchObject({ current: agent.key.publicKey });
    expect(await codeWith(agent.key)).toBe(0);
  });

  it('under the key that another server has announced is refused', async () => {
    const other = await harness.identity(workspace);
    const { client, ack } = await connect(other);
    await client.publishAll([announcement(ack, next, other)]);
    expect(await codeWith(next)).toBe(CLOSE_CODES.HANDSHAKE_REFUSED.code);
    expect(await keysOf(other)).toMatchObject({ current: other.key.publicKey, next: next.publicKey });
  });

  it('under an announced key is refused when the server was enrolled anew meanwhile', async () => {
    const { client, ack } = await connect();
    await client.publishAll([announcement(ack)]);
    await harness.sql('update agent_identities set revoked_at = now() where id = $1', [agent.agentId]);
    expect(await codeWith(next)).toBe(CLOSE_CODES.REVOKED.code);
  });
});

describe('an agent', () => {
  const ask = () => harness.sql('update agent_identities set rotation_asked_at = now() where id = $1', [agent.agentId]);

  it('is told in the answer to its hello that a new key is wanted, until it has one', async () => {
    expect((await connect()).ack.rotateKey).toBe(false);
    await ask();
    const { client, ack } = await connect();
    expect(ack.rotateKey).toBe(true);
    await client.publishAll([announcement(ack)]);
    expect((await connect(withKey(next))).ack.rotateKey).toBe(false);
    expect((await connect(withKey(next))).ack.rotateKey).toBe(false);
  });

  it('that is connected is made to connect again, and one that speaks version 1 keeps its key and connection', async () => {
    const [first, second] = [agent, await harness.identity(workspace)];
    const { client: older, ack } = await harness.connect(first, { versions: { min: 1, max: 1 } });
    const { client: newer } = await connect(second);
    for (agent of [first, second]) await ask();
    await harness.sql(`insert into revocations (kind, subject_id) select 'AGENT_KEY', unnest($1::uuid[])`, [
      [first.serverId, second.serverId],
    ]);
    expect((await newer.closed).code).toBe(CLOSE_CODES.RIGHTS_CHANGED.code);
    older.send({ type: 'ping' });
    expect(await older.next(({ type }) => type === 'pong')).not.toBeNull();
    expect(ack.rotateKey).toBeUndefined();
  });
});
