import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dataSourceOptions } from '@pilothouse/db';
import type { SeededWorkspace } from '@pilothouse/db/testing';
import {
  auditEntryHash,
  generateSigningKey,
  openKeyset,
  openReceipt,
  sha256,
  signEnrolment,
  signKeyset,
  type EnrolmentRequest,
  type HostFacts,
  type Keyset,
} from '@pilothouse/protocol';
import express, { type RequestHandler } from 'express';
import { DataSource } from 'typeorm';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '../../kernel/database/index.js';
import { InProcessEventBus } from '../../kernel/event-bus.js';
import { RATE_LIMITS, RateLimits } from '../../kernel/rate-limits.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { Fleet, HOST_FACTS } from '../../testing/fleet.js';
import { createServerGroupsFeature } from '../server-groups/index.js';
import { createServersFeature } from '../servers/index.js';
import { createEnrolmentFeature } from './index.js';

const CREATE = `mutation ($input: CreateServerInput!) { createServer(input: $input) {
  ... on ServerEnrolment { server { id } enrolment { token } } } }`;
const REENROL = `mutation ($input: ReenrolServerInput!) { reenrolServer(input: $input) {
  ... on ServerEnrolment { enrolment { token } } } }`;
const SERVER = `query ($id: ID!) { server(id: $id) { state stateReason agentVersion tags automaticTags
  facts { hostname addresses memoryMib bootedAt systemd virtualisation automaticTags } } }`;
const REVOKE = 'mutation ($id: ID!) { revokeServer(input: { serverId: $id }) { ... on Server { state } } }';

interface Reply {
  status: number;
  // The shape of the body is the test's own expectation.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
  headers: Headers;
}

let fleet: Fleet;
let replica: Awaited<ReturnType<typeof openReplica>>;
let servers: Server[];
let origins: string[];
let member: SeededWorkspace;
let owner: WorkspaceContext;

beforeAll(async () => {
  fleet = await Fleet.start(new RateLimits({ ...RATE_LIMITS, agentEntrance: { points: 1_000_000, seconds: 1 } }));
  replica = await openReplica();
  servers = [await listen(fleet.enrolment.entrances), await listen(replica.entrances)];
  origins = servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterAll(async () => {
  for (const server of servers) server.close();
  await replica.close();
  await fleet.stop();
});

beforeEach(async () => {
  member = await fleet.workspace();
  owner = fleet.harness.as(member);
});

/** Another process of the api, as far as it shares the database and the keys and nothing else. */
async function openReplica() {
  const options = { applicationName: 'pilothouse tests', poolSize: 8 };
  const dataSource = new DataSource(dataSourceOptions({ url: fleet.harness.db.appUrl, ...options }));
  await dataSource.initialize();
  const bus = new InProcessEventBus();
  const kernel = { database: new Database(dataSource, bus), bus };
  const groups = createServerGroupsFeature(kernel).directory;
  const { entrances } = createEnrolmentFeature({
    ...kernel,
    groups,
    servers: createServersFeature({ ...kernel, groups }),
    rateLimits: new RateLimits({ ...RATE_LIMITS, agentEntrance: { points: 100, seconds: 60 } }),
    log: pino({ level: 'silent' }),
    identityKey: fleet.identityKey,
    rootFingerprint: fleet.rootFingerprint,
    publicOrigin: 'https://pilot.example.test',
  });
  return { entrances, close: () => dataSource.destroy() };
}

async function listen(entrances: RequestHandler): Promise<Server> {
  const server = createServer(express().use(entrances)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function post(
  path: string,
  body: unknown,
  { at = 0, headers = {} }: { at?: number; headers?: object } = {},
): Promise<Reply> {
  const response = await fetch(`${origins[at]}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' || body instanceof Blob ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

async function get(path: string, headers: Record<string, string> = {}): Promise<Reply> {
  const response = await fetch(`${origins[0]}${path}`, { headers });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

async function addServer(name = 'web-1'): Promise<{ serverId: string; token: string }> {
  const { data } = await fleet.harness.ask(owner, CREATE, {
    input: { name, profile: 'OPERATOR', idempotencyKey: randomUUID() },
  });
  return { serverId: data.createServer.server.id, token: data.createServer.enrolment.token };
}

async function renewToken(serverId: string): Promise<string> {
  const { data } = await fleet.harness.ask(owner, REENROL, { input: { serverId, replaceOnline: true } });
  return data.reenrolServer.enrolment.token;
}

function requestFor(token: string, facts: Partial<HostFacts> = {}, key = generateSigningKey()): EnrolmentRequest {
  return signEnrolment(key, { token, facts: { ...HOST_FACTS, ...facts }, versions: { min: 1, max: 1 } });
}

const identitiesOf = (serverId: string) =>
  fleet.harness.sql<{ id: string; public_key: string; active: boolean }>(
    `select id, public_key, revoked_at is null as active from agent_identities where server_id = $1 order by created_at`,
    [serverId],
  );
const sessionOf = async (serverId: string) =>
  (
    await fleet.harness.sql('select generation, counter, connected_at from agent_sessions where server_id = $1', [
      serverId,
    ])
  )[0];
const tokenIsOpen = async (token: string) => {
  const [row] = await fleet.harness.sql<{ open: boolean }>(
    'select used_at is null and revoked_at is null as open from enrolment_tokens where token_hash = $1',
    [sha256(token)],
  );
  return row?.open;
};

describe('the keyset', () => {
  const publicPart = ({ keyId, publicKey }: { keyId: string; publicKey: string }) => ({ keyId, publicKey });

  test('is unavailable before the installation has one, and the newest afterwards', async () => {
    expect(await get('/agent/keyset')).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    const pin = fleet.rootFingerprint;
    for (const version of [1, 2]) {
      const keyset: Keyset = {
        version,
        issuedAt: '2026-01-01T00:00:00.000Z',
        controlPlane: [publicPart(fleet.identityKey)],
        command: [publicPart(generateSigningKey())],
      };
      const signed = signKeyset(fleet.rootKey, keyset);
      await fleet.harness.sql('insert into keysets (version, signed) values ($1, $2)', [version, signed]);
      const { status, body } = await get('/agent/keyset');
      expect(status).toBe(200);
      expect(openKeyset(body, pin)).toEqual({ ok: true, keyset });
    }
  });
});

describe('enrolling', () => {
  test('makes the pending server an enrolled one, with its facts, and answers with a signed receipt', async () => {
    const { serverId, token } = await addServer();
    const key = generateSigningKey();
    const { status, body } = await post('/agent/enrol', requestFor(token, {}, key));
    expect(status).toBe(200);
    const receipt = openReceipt(body, [fleet.identityKey]);
    const [identity] = await identitiesOf(serverId);
    expect(receipt).toMatchObject({
      agentId: identity!.id,
      serverId,
      workspaceId: member.workspaceId,
      generation: 1,
      publicKey: key.publicKey,
      rootFingerprint: fleet.rootFingerprint,
    });
    expect(await sessionOf(serverId)).toEqual({ generation: 1, counter: 0, connected_at: null });
    const { data } = await fleet.harness.ask(owner, SERVER, { id: serverId });
    expect(data.server).toMatchObject({
      state: 'OFFLINE',
      stateReason: 'Its agent has not connected since it was enrolled.',
      agentVersion: '0.1.0',
      automaticTags: ['systemd', 'x64'],
      facts: { hostname: 'web-1.example.test', memoryMib: 32_000, systemd: true, virtualisation: 'kvm' },
    });
  });

  test('goes on the workspace’s record, in one unbroken chain, without the token', async () => {
    const { serverId, token } = await addServer();
    await post('/agent/enrol', requestFor(token));
    const rows = await fleet.harness.sql<Record<string, string>>(
      'select * from audit_entries where chain = $1 order by sequence',
      [member.workspaceId],
    );
    expect(rows.map(({ action, actor_kind, actor_id }) => [action, actor_kind, actor_id])).toEqual([
      ['server-created', 'USER', member.userId],
      ['agent-enrolled', 'SYSTEM', 'enrolment'],
    ]);
    for (const [n, row] of rows.entries()) {
      expect(row.previous_hash).toBe(n === 0 ? '0'.repeat(64) : rows[n - 1]!.hash);
      expect(row.detail).not.toContain(token);
    }
    const entry = rows[1]!;
    expect(JSON.parse(entry.detail!)).toMatchObject({ serverId, generation: 1, address: '127.0.0.1' });
    const [{ id: tokenId } = { id: '' }] = await fleet.harness.sql<{ id: string }>(
      'select id from enrolment_tokens where token_hash = $1',
      [sha256(token)],
    );
    expect(JSON.parse(entry.detail!).tokenId).toBe(tokenId);
    expect(
      auditEntryHash({
        chain: entry.chain!,
        sequence: Number(entry.sequence),
        previousHash: entry.previous_hash!,
        time: entry.time!,
        actorKind: entry.actor_kind!,
        actorId: entry.actor_id!,
        action: entry.action!,
        targetKind: entry.target_kind!,
        targetId: entry.target_id!,
        detail: entry.detail!,
        intentDigest: entry.intent_digest!,
      }),
    ).toBe(entry.hash);
  });

  test('50 times at once with one token through two replicas makes exactly one identity', async () => {
    const { serverId, token } = await addServer();
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, n) => post('/agent/enrol', requestFor(token), { at: n % 2 })),
    );
    const accepted = replies.filter(({ status }) => status === 200);
    expect(accepted).toHaveLength(1);
    for (const { status, body } of replies.filter((reply) => reply !== accepted[0])) {
      expect({ status, code: body.code }).toEqual({ status: 403, code: 'TOKEN_INVALID' });
    }
    const identities = await identitiesOf(serverId);
    expect(identities).toHaveLength(1);
    expect(openReceipt(accepted[0]!.body, [fleet.identityKey])).toMatchObject({
      agentId: identities[0]!.id,
      publicKey: identities[0]!.public_key,
    });
    const entries = await fleet.harness.sql(
      `select 1 from audit_entries where chain = $1 and action = 'agent-enrolled'`,
      [member.workspaceId],
    );
    expect(entries).toHaveLength(1);
  });

  test('anew raises generation and epoch, and voids the identity before', async () => {
    const { serverId, token } = await addServer();
    await post('/agent/enrol', requestFor(token));
    await fleet.harness.sql(
      'update agent_sessions set counter = 7, connected_at = now(), last_frame_at = now() where server_id = $1',
      [serverId],
    );
    const told: string[] = [];
    fleet.servers.hooks.add(async (_ctx, _tx, id) => void told.push(id));
    const { body } = await post('/agent/enrol', requestFor(await renewToken(serverId)));
    expect(openReceipt(body, [fleet.identityKey])).toMatchObject({ serverId, generation: 2 });
    expect((await identitiesOf(serverId)).map(({ active }) => active)).toEqual([false, true]);
    expect(await sessionOf(serverId)).toEqual({ generation: 2, counter: 8, connected_at: null });
    expect(told).toEqual([serverId]);
  });

  test('brings a revoked server back', async () => {
    const { serverId, token } = await addServer();
    await post('/agent/enrol', requestFor(token));
    expect((await fleet.harness.ask(owner, REVOKE, { id: serverId })).data.revokeServer.state).toBe('REVOKED');
    expect((await identitiesOf(serverId)).map(({ active }) => active)).toEqual([false]);
    const { body } = await post('/agent/enrol', requestFor(await renewToken(serverId)));
    expect(openReceipt(body, [fleet.identityKey])).toMatchObject({ generation: 3 });
  });

  test('is refused with a token that was used, voided, revoked with its server, expired or never given out', async () => {
    const refused = async (token: string) =>
      expect((await post('/agent/enrol', requestFor(token))).body.code).toBe('TOKEN_INVALID');
    const used = await addServer('used');
    await post('/agent/enrol', requestFor(used.token));
    await refused(used.token);
    const voided = await addServer('voided');
    await renewToken(voided.serverId);
    await refused(voided.token);
    const revoked = await addServer('revoked');
    await fleet.harness.ask(owner, REVOKE, { id: revoked.serverId });
    await refused(revoked.token);
    const expired = await addServer('expired');
    await fleet.harness.sql(`update enrolment_tokens set expires_at = now() - interval '1 ms' where server_id = $1`, [
      expired.serverId,
    ]);
    await refused(expired.token);
    await refused(`phe_${'A'.repeat(43)}`);
    const last = await addServer('last');
    await fleet.harness.sql(
      `update enrolment_tokens set expires_at = now() + interval '1 minute' where server_id = $1`,
      [last.serverId],
    );
    expect((await post('/agent/enrol', requestFor(last.token))).status).toBe(200);
  });

  test('while its server is revoked and given a new token is answered, and never undoes the revocation', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { serverId, token } = await addServer(`race ${round}`);
      const [reply, revoked, renewed] = await Promise.all([
        post('/agent/enrol', requestFor(token)),
        fleet.harness.ask(owner, REVOKE, { id: serverId }),
        fleet.harness.ask(owner, REENROL, { input: { serverId } }),
      ]);
      expect([200, 403]).toContain(reply.status);
      expect([revoked.code, renewed.code]).toEqual([undefined, undefined]);
      // Whatever came first, a revocation is not undone by a token from before it.
      const [server] = await fleet.harness.sql<{ revoked: boolean }>(
        'select revoked_at is not null as revoked from servers where id = $1',
        [serverId],
      );
      expect(server).toEqual({ revoked: true });
      expect((await identitiesOf(serverId)).filter(({ active }) => active)).toEqual([]);
    }
  });

  test('leaves the token unspent when anything after it fails', async () => {
    const { serverId, token } = await addServer();
    const failing = { active: true };
    fleet.servers.hooks.add(async () => {
      if (failing.active) throw new Error('secret inside');
    });
    const reply = await post('/agent/enrol', requestFor(token));
    failing.active = false;
    expect(reply).toMatchObject({
      status: 500,
      body: { code: 'INTERNAL', message: 'Something went wrong on our side.' },
    });
    expect(fleet.logged.join('')).toContain('secret inside');
    expect(await identitiesOf(serverId)).toEqual([]);
    expect(await tokenIsOpen(token)).toBe(true);
    expect((await post('/agent/enrol', requestFor(token))).status).toBe(200);
  });

  test('takes only automatic tags there are: no host can put itself among production', async () => {
    const { serverId, token } = await addServer();
    const automaticTags = ['docker', 'production', 'x64', 'docker'];
    await post('/agent/enrol', requestFor(token, { automaticTags }));
    const { data } = await fleet.harness.ask(owner, SERVER, { id: serverId });
    expect(data.server).toMatchObject({ automaticTags: ['docker', 'x64'], tags: [] });
    expect(data.server.facts.automaticTags).toEqual(['docker', 'x64']);
  });

  test('returns what a hostile host says of itself as it is', async () => {
    const { serverId, token } = await addServer();
    const hostname = '<img src=x onerror=alert(1)>\u202e\u001b]52;c;AAAA\u0007';
    expect((await post('/agent/enrol', requestFor(token, { hostname }))).status).toBe(200);
    expect((await fleet.harness.ask(owner, SERVER, { id: serverId })).data.server.facts.hostname).toBe(hostname);
  });

  test.each([
    ['a version that is too new', { versions: { min: 99, max: 99 } }, 409, 'VERSION_TOO_NEW'],
    ['another signature', { signature: Buffer.alloc(64, 1).toString('base64') }, 400, 'BAD_SIGNATURE'],
    ['another key', { publicKey: generateSigningKey().publicKey }, 400, 'BAD_SIGNATURE'],
    ['facts that were not signed', { facts: { ...HOST_FACTS, hostname: 'other' } }, 400, 'BAD_SIGNATURE'],
    ['no facts', { facts: null }, 400, 'MALFORMED'],
    ['a token of another form', { token: 'phe_short' }, 400, 'MALFORMED'],
    ['a key that is none', { publicKey: 'A'.repeat(43) }, 400, 'MALFORMED'],
    ['numbers that are none', { facts: { ...HOST_FACTS, cpuCount: -1 } }, 400, 'MALFORMED'],
    ['a prototype', { facts: { ...HOST_FACTS, ['__proto__x']: 1 } }, 400, 'MALFORMED'],
  ])('is refused for %s, and the token stays good', async (_name, change, status, code) => {
    const { token } = await addServer();
    const reply = await post('/agent/enrol', { ...requestFor(token), ...change });
    expect({ status: reply.status, code: reply.body.code }).toEqual({ status, code });
    expect(Object.keys(reply.body)).toEqual(['code', 'message']);
    expect(await tokenIsOpen(token)).toBe(true);
  });

  test.each(['a\0b', '\ud800'])('is refused for facts that cannot be stored: %j', async (hostname) => {
    const { token } = await addServer();
    const { status, body } = await post('/agent/enrol', requestFor(token, { hostname }));
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'MALFORMED' });
    expect(await tokenIsOpen(token)).toBe(true);
  });

  test('tells subscribers of the workspace', async () => {
    const { serverId, token } = await addServer();
    const [{ seq } = { seq: '0' }] = await fleet.harness.sql<{ seq: string }>(
      'select seq from workspace_event_heads where workspace_id = $1',
      [member.workspaceId],
    );
    const document = `subscription ($after: SafeInt) { serverChanged(afterSeq: $after) { seq server { id state } } }`;
    const changes = fleet.harness.follow(owner, document, { after: Number(seq) });
    const next = changes.next();
    await post('/agent/enrol', requestFor(token));
    expect((await next).value).toMatchObject({
      data: { serverChanged: { seq: Number(seq) + 1, server: { id: serverId, state: 'OFFLINE' } } },
    });
    await changes.return();
  });
});

describe('a challenge', () => {
  test('is random, is stored as its hash for 30 s, and is spent once by its agent', async () => {
    const agentId = '018f0000-0000-7000-8000-00000000000a';
    const [first, second] = await Promise.all([
      post('/agent/challenge', { agentId }),
      post('/agent/challenge', { agentId }),
    ]);
    expect(first.status).toBe(200);
    const { challenge } = first.body;
    expect(challenge).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(second.body.challenge).not.toBe(challenge);
    const spend = async (agent: string) =>
      (
        await fleet.harness.sql<{ spent: boolean | null }>('select spend_agent_challenge($1, $2) as spent', [
          agent,
          sha256(challenge),
        ])
      )[0]!.spent;
    expect(await spend('018f0000-0000-7000-8000-00000000000b')).toBeNull();
    expect(await spend(agentId)).toBe(true);
    expect(await spend(agentId)).toBeNull();
    const [row] = await fleet.harness.sql<{ seconds: string }>(
      'select extract(epoch from expires_at - now()) as seconds from agent_challenges where challenge_hash = $1',
      [sha256(second.body.challenge)],
    );
    expect(Number(row!.seconds)).toBeGreaterThan(20);
    expect(Number(row!.seconds)).toBeLessThanOrEqual(30);
  });

  test.each([{}, { agentId: 7 }, { agentId: 'x\0' }, [], 'null'])('is not given for %j', async (body) => {
    expect(await post('/agent/challenge', body)).toMatchObject({ status: 400, body: { code: 'MALFORMED' } });
  });
});

describe('every way in', () => {
  test.each(['https://pilot.example.test', 'http://evil.test', 'null', ''])('refuses the Origin %j', async (origin) => {
    for (const [method, path] of [
      ['GET', '/agent/keyset'],
      ['POST', '/agent/enrol'],
      ['POST', '/agent/challenge'],
    ] as const) {
      expect(await withOrigin(method, path, origin)).toEqual({ status: 403, code: 'ORIGIN_NOT_ALLOWED' });
    }
  });

  test('takes a body of 64 KiB and none that is larger', async () => {
    const bodyOf = (bytes: number) => JSON.stringify({ padding: '' }).replace('""', `"${'x'.repeat(bytes - 14)}"`);
    expect(Buffer.byteLength(bodyOf(65_536))).toBe(65_536);
    expect((await post('/agent/enrol', bodyOf(65_536))).body.code).toBe('MALFORMED');
    expect(await post('/agent/enrol', bodyOf(65_537))).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
  });

  test('takes JSON only', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const { status, body } = await post('/agent/enrol', 'token=x', { headers: { 'content-type': type } });
      expect({ status, code: body.code }).toEqual({ status: 415, code: 'NOT_JSON' });
    }
    const headers = { 'content-encoding': 'gzip' };
    expect((await post('/agent/enrol', '{}', { headers })).body.code).toBe('NOT_JSON');
    for (const broken of ['{', '"text"', '', new Blob([Buffer.from('7b22fffe223a317d', 'hex')])]) {
      expect((await post('/agent/enrol', broken)).body.code).toBe('MALFORMED');
    }
  });

  test('counts the requests of an address', async () => {
    // The second replica allows 100 a minute; some have been spent above.
    let reply = await post('/agent/challenge', {}, { at: 1 });
    let answered = 1;
    while (reply.status !== 429 && answered <= 101) {
      expect(reply.body.code).toBe('MALFORMED');
      reply = await post('/agent/challenge', {}, { at: 1 });
      answered += 1;
    }
    expect(reply).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

/** fetch sets no Origin of the caller's choice. */
async function withOrigin(method: string, path: string, origin: string): Promise<{ status: number; code: string }> {
  const request = httpRequest(`${origins[0]}${path}`, {
    method,
    headers: { origin, 'content-type': 'application/json' },
  }).end(method === 'POST' ? '{}' : undefined);
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, code: JSON.parse(text).code };
}
