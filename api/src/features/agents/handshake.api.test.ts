import { randomBytes } from 'node:crypto';
import type { SeededWorkspace } from '@pilothouse/db/testing';
import {
  CLOSE_CODES,
  generateSigningKey,
  negotiateVersion,
  PROTOCOL_VERSION,
  sha256,
  type AgentHello,
} from '@pilothouse/protocol';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../../kernel/fault.js';
import { AgentClient, type HelloFields, type Identity } from '../../testing/agent-client.js';
import { GatewayHarness, type Replica } from './testing/gateway.harness.js';

let harness: GatewayHarness;
let workspace: SeededWorkspace;
let agent: Identity;

beforeAll(async () => {
  harness = await GatewayHarness.start();
  workspace = await harness.workspace();
});
beforeEach(async () => {
  agent = await harness.identity(workspace);
});
afterAll(() => harness.stop());

/** The code with which a socket is closed on this hello; 0 when it is accepted. */
async function codeFor(hello: AgentHello | object, client: AgentClient): Promise<number> {
  return (await client.shake(hello as AgentHello)) ? 0 : (await client.closed).code;
}

async function codeOf(fields: Partial<HelloFields> = {}, identity = agent, key = identity.key): Promise<number> {
  const client = await harness.open();
  return codeFor(harness.hello(identity, client, fields, key), client);
}

describe('a handshake', () => {
  it('proves both sides to each other and opens the first epoch', async () => {
    const { ack } = await harness.connect(agent);
    expect(ack).toMatchObject({
      version: 1,
      serverId: agent.serverId,
      workspaceId: agent.workspaceId,
      epoch: { generation: 1, counter: 1 },
      keysetVersion: 1,
    });
    expect(await harness.session(agent.serverId)).toMatchObject({
      counter: 1,
      agentVersion: '0.1.0',
      protocolVersion: 1,
      disconnectedAt: null,
    });
  });

  it('gives every socket a challenge of its own', async () => {
    const [one, two] = [await harness.open(), await harness.open()];
    expect(one.challenge).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(two.challenge).not.toBe(one.challenge);
  });

  it('is told the control plane’s time, and does not ask for the agent’s', async () => {
    const before = Date.now();
    const { ack, hello } = await harness.connect(agent);
    expect(Date.parse(ack.time)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(ack.time)).toBeLessThanOrEqual(Date.now());
    // Nothing in a hello says what time the agent thinks it is: a clock a day off cannot matter.
    expect(Object.keys(hello).filter((name) => /time|at$|date|issued/i.test(name))).toEqual([]);
  });
});

describe('a hello is refused', () => {
  afterEach(async () => {
    const left = await harness.sql('select 1 from agent_sessions where server_id = $1', [agent.serverId]);
    if (left.length > 0) throw new Error('A refused hello has left a session');
  });

  it('with another challenge than the socket’s', async () => {
    expect(await codeOf({ challenge: randomBytes(32).toString('base64url') })).toBe(CLOSE_CODES.HANDSHAKE_REFUSED.code);
  });

  it('when it is replayed on another socket', async () => {
    const first = await harness.open();
    const hello = harness.hello(agent, first);
    expect(await codeFor(hello, await harness.open())).toBe(CLOSE_CODES.HANDSHAKE_REFUSED.code);
  });

  it('signed by another key, or altered after it was signed', async () => {
    expect(await codeOf({}, agent, generateSigningKey())).toBe(CLOSE_CODES.HANDSHAKE_REFUSED.code);
    const client = await harness.open();
    const altered = { ...harness.hello(agent, client), instanceId: uuidv7() };
    expect(await codeFor(altered, client)).toBe(CLOSE_CODES.HANDSHAKE_REFUSED.code);
  });

  it('meant for another origin, or another control plane key', async () => {
    for (const audience of ['https://evil.example.test', 'https://pilothouse.example.test:443', '']) {
      expect(await codeOf({ audience }), audience).toBe(CLOSE_CODES.HANDSHAKE_REFUSED.code);
    }
    expect(await codeOf({ controlPlaneKeyId: '0'.repeat(16) })).toBe(CLOSE_CODES.HANDSHAKE_REFUSED.code);
  });

  it('of an identity that is not known, was replaced, or whose server was revoked or deleted', async () => {
    expect(await codeOf({}, { ...agent, agentId: uuidv7() })).toBe(CLOSE_CODES.REVOKED.code);
    for (const change of [
      'update agent_identities set revoked_at = now() where server_id = $1',
      'update servers set revoked_at = now() where id = $1',
      'update servers set deleted_at = now() where id = $1',
    ]) {
      const gone = await harness.identity(workspace);
      await harness.sql(change, [gone.serverId]);
      expect(await codeOf({}, gone), change).toBe(CLOSE_CODES.REVOKED.code);
    }
  });

  it('that speaks no version in common', async () => {
    expect(await codeOf({ versions: { min: PROTOCOL_VERSION + 1, max: PROTOCOL_VERSION + 2 } })).toBe(
      CLOSE_CODES.VERSION_TOO_NEW.code,
    );
    expect(negotiateVersion({ min: 1, max: 1 }, { min: 2, max: 4 })).toEqual({ ok: false, problem: 'VERSION_TOO_OLD' });
  });

  it('that is not in the form of one', async () => {
    const client = await harness.open();
    const good = harness.hello(agent, client);
    const forms = [{}, { ...good, more: 1 }, { ...good, agentId: 'x' }, { ...good, signature: '' }];
    for (const form of forms)
      expect(await codeFor(form, await harness.open())).toBe(CLOSE_CODES.HANDSHAKE_REFUSED.code);
  });

  it('though signed, when it holds text that cannot be stored', async () => {
    expect(await codeOf({ bootId: 'a\0b' })).toBe(CLOSE_CODES.HANDSHAKE_REFUSED.code);
    expect(await codeOf({ agentVersion: '\ud800' })).toBe(CLOSE_CODES.HANDSHAKE_REFUSED.code);
  });
});

describe('a challenge got by POST', () => {
  const issue = async (agentId: string, lifetime = '30 s') => {
    const challenge = randomBytes(32).toString('base64url');
    await harness.sql('select issue_agent_challenge($1, $2, now() + $3::interval)', [
      agentId,
      sha256(challenge),
      lifetime,
    ]);
    return challenge;
  };

  it('is good on any socket, once', async () => {
    const challenge = await issue(agent.agentId);
    expect(await codeOf({ challenge })).toBe(0);
    expect(await codeOf({ challenge })).toBe(CLOSE_CODES.HANDSHAKE_REFUSED.code);
  });

  it('is good once when it is used twice at the same time', async () => {
    const challenge = await issue(agent.agentId);
    const codes = await Promise.all([1, 2, 3, 4].map(() => codeOf({ challenge })));
    expect(codes.filter((code) => code !== CLOSE_CODES.HANDSHAKE_REFUSED.code)).toHaveLength(1);
  });

  it('is good for its agent alone, and until it expires', async () => {
    const other = await harness.identity(workspace);
    expect(await codeOf({ challenge: await issue(other.agentId) })).toBe(CLOSE_CODES.HANDSHAKE_REFUSED.code);
    expect(await codeOf({ challenge: await issue(agent.agentId, '-1 ms') })).toBe(CLOSE_CODES.HANDSHAKE_REFUSED.code);
  });
});

describe('a socket', () => {
  it('is not let in with an Origin, whichever', async () => {
    for (const origin of ['https://pilothouse.example.test', 'https://evil.example.test', 'null', '']) {
      await expect(AgentClient.open(harness.main.url, { headers: { Origin: origin } })).rejects.toThrow('HTTP 403');
    }
  });

  it('may not do anything before it has shaken hands', async () => {
    const client = await harness.open();
    client.listen();
    expect((await client.closed).code).toBe(4401);
  });

  it('may try once: a second hello closes it', async () => {
    const { client, hello } = await harness.connect(agent);
    client.send({ type: 'connection_init', payload: hello });
    expect((await client.closed).code).toBe(4429);
  });

  it('that was refused cannot go on as if it had not been', async () => {
    const client = await harness.open();
    client.send({ type: 'connection_init', payload: {} });
    client.listen();
    await client.closed;
    expect(await client.next(({ type }) => type === 'next' || type === 'connection_ack')).toBeNull();
  });

  it('is told to come back when the database is away, and does not take that for a bug', async () => {
    const away = new Fault('UNAVAILABLE', 'The database does not answer at the moment.');
    const spy = vi.spyOn(harness.main.database, 'lookUp').mockRejectedValueOnce(away);
    expect(await codeOf()).toBe(CLOSE_CODES.SHUTTING_DOWN.code);
    spy.mockRestore();
    expect(await codeOf()).toBe(0);
  });

  it('is closed when its server is revoked in the very moment of the handshake', async () => {
    const { database } = harness.main;
    const lookUp = database.lookUp.bind(database);
    const spy = vi.spyOn(database, 'lookUp').mockImplementation(async (sql, parameters) => {
      const rows = await lookUp(sql, parameters);
      if (sql.includes('agent_by_id')) {
        spy.mockRestore();
        await harness.sql('update servers set revoked_at = now() where id = $1', [agent.serverId]);
      }
      return rows as never;
    });
    expect(await codeOf()).toBe(CLOSE_CODES.REVOKED.code);
    const opened = await harness.sql('select from agent_sessions where server_id = $1 and counter > 0', [
      agent.serverId,
    ]);
    expect(opened).toEqual([]);
  });
});

describe('hellos that are refused', () => {
  let strict: Replica;
  beforeAll(async () => void (strict = await harness.replica({ limits: { agentHello: { points: 2, seconds: 60 } } })));

  const open = (localAddress: string) => AgentClient.open(strict.url, { localAddress });
  const codeFrom = async (localAddress: string, fields: Partial<HelloFields> = {}) => {
    const client = await open(localAddress);
    return codeFor(harness.hello(agent, client, fields), client);
  };

  it('are limited by address: the next is not looked at, however good, and those of others are', async () => {
    for (let n = 0; n < 3; n += 1) expect(await codeFrom('127.0.0.2')).toBe(0);
    for (let n = 0; n < 2; n += 1) {
      expect(await codeFrom('127.0.0.2', { audience: '' })).toBe(CLOSE_CODES.HANDSHAKE_REFUSED.code);
    }
    const lookUp = vi.spyOn(strict.database, 'lookUp');
    expect(await codeFrom('127.0.0.2')).toBe(CLOSE_CODES.TOO_MANY_SOCKETS.code);
    expect(lookUp.mock.calls.filter(([sql]) => sql.includes('agent_by_id'))).toEqual([]);
    expect(await codeFrom('127.0.0.3')).toBe(0);
  });
});
