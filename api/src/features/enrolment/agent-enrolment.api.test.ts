import { randomUUID } from 'node:crypto';
import type { SeededWorkspace } from '@pilothouse/db/testing';
import {
  auditEntryHash,
  generateSigningKey,
  openReceipt,
  sha256,
  signEnrolment,
  type EnrolmentRequest,
  type HostFacts,
} from '@pilothouse/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { HOST_FACTS } from '../../testing/fleet.js';
import { EntrancesScene } from './testing/entrances.scene.js';

const CREATE = `mutation ($input: CreateServerInput!) { createServer(input: $input) {
  ... on ServerEnrolment { server { id } enrolment { token } } } }`;
const REENROL = `mutation ($input: ReenrolServerInput!) { reenrolServer(input: $input) {
  ... on ServerEnrolment { enrolment { token } } } }`;
const UPDATE = `mutation ($input: UpdateServerInput!) { updateServer(input: $input) { ... on Server { id } } }`;
const SERVER = `query ($id: ID!) { server(id: $id) { state stateReason agentVersion tags automaticTags
  facts { hostname addresses memoryMib bootedAt systemd virtualisation automaticTags } } }`;
const REVOKE = 'mutation ($id: ID!) { revokeServer(input: { serverId: $id }) { ... on Server { state } } }';

let member: SeededWorkspace;
let owner: WorkspaceContext;

const scene = new EntrancesScene();
beforeAll(() => scene.start());
afterAll(() => scene.stop());
beforeEach(async () => {
  member = await scene.fleet.workspace();
  owner = scene.fleet.harness.as(member);
});

async function addServer(name = 'web-1'): Promise<{ serverId: string; token: string }> {
  const { data } = await scene.fleet.harness.ask(owner, CREATE, {
    input: { name, profile: 'OPERATOR', idempotencyKey: randomUUID() },
  });
  return { serverId: data.createServer.server.id, token: data.createServer.enrolment.token };
}

async function renewToken(serverId: string): Promise<string> {
  const { data } = await scene.fleet.harness.ask(owner, REENROL, { input: { serverId, replaceOnline: true } });
  return data.reenrolServer.enrolment.token;
}

async function change(serverId: string, permissions: Record<string, unknown>): Promise<void> {
  const { code } = await scene.fleet.harness.ask(owner, UPDATE, { input: { serverId, ...permissions } });
  expect(code).toBeUndefined();
}

const permissionsOf = async (id: string) =>
  (await scene.fleet.harness.ask(owner, 'query ($id: ID!) { server(id: $id) { profile scopes } }', { id })).data.server;

function requestFor(token: string, facts: Partial<HostFacts> = {}, key = generateSigningKey()): EnrolmentRequest {
  return signEnrolment(key, { token, facts: { ...HOST_FACTS, ...facts }, versions: { min: 1, max: 1 } });
}

const identitiesOf = (serverId: string) =>
  scene.fleet.harness.sql<{ id: string; public_key: string; active: boolean }>(
    `select id, public_key, revoked_at is null as active from agent_identities where server_id = $1 order by created_at`,
    [serverId],
  );
const sessionOf = async (serverId: string) =>
  (
    await scene.fleet.harness.sql('select generation, counter, connected_at from agent_sessions where server_id = $1', [
      serverId,
    ])
  )[0];
const tokenIsOpen = async (token: string) => {
  const [row] = await scene.fleet.harness.sql<{ open: boolean }>(
    'select used_at is null and revoked_at is null as open from enrolment_tokens where token_hash = $1',
    [sha256(token)],
  );
  return row?.open;
};

describe('enrolling', () => {
  test('makes the pending server an enrolled one, with its facts, and answers with a signed receipt', async () => {
    const { serverId, token } = await addServer();
    const key = generateSigningKey();
    const { status, body } = await scene.post('/agent/enrol', requestFor(token, {}, key));
    expect(status).toBe(200);
    const receipt = openReceipt(body, [scene.fleet.identityKey]);
    const [identity] = await identitiesOf(serverId);
    expect(receipt).toMatchObject({
      agentId: identity!.id,
      serverId,
      workspaceId: member.workspaceId,
      generation: 1,
      publicKey: key.publicKey,
      rootFingerprint: scene.fleet.rootFingerprint,
    });
    expect(await sessionOf(serverId)).toEqual({ generation: 1, counter: 0, connected_at: null });
    const { data } = await scene.fleet.harness.ask(owner, SERVER, { id: serverId });
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
    await scene.post('/agent/enrol', requestFor(token));
    const rows = await scene.fleet.harness.sql<Record<string, string>>(
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
    const [{ id: tokenId } = { id: '' }] = await scene.fleet.harness.sql<{ id: string }>(
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
      Array.from({ length: 50 }, (_, n) => scene.post('/agent/enrol', requestFor(token), { at: n % 2 })),
    );
    const accepted = replies.filter(({ status }) => status === 200);
    expect(accepted).toHaveLength(1);
    for (const { status, body } of replies.filter((reply) => reply !== accepted[0])) {
      expect({ status, code: body.code }).toEqual({ status: 403, code: 'TOKEN_INVALID' });
    }
    const identities = await identitiesOf(serverId);
    expect(identities).toHaveLength(1);
    expect(openReceipt(accepted[0]!.body, [scene.fleet.identityKey])).toMatchObject({
      agentId: identities[0]!.id,
      publicKey: identities[0]!.public_key,
    });
    const entries = await scene.fleet.harness.sql(
      `select 1 from audit_entries where chain = $1 and action = 'agent-enrolled'`,
      [member.workspaceId],
    );
    expect(entries).toHaveLength(1);
  });

  test('gives the server at most the scopes that its token was given out for, whatever it was widened to', async () => {
    const { serverId, token } = await addServer();
    await change(serverId, { profile: 'FULL_ACCESS' });
    await scene.post('/agent/enrol', requestFor(token));
    expect(await permissionsOf(serverId)).toEqual({ profile: 'CUSTOM', scopes: ['METRICS', 'EXEC', 'SHELL'] });
    const [entry] = await scene.fleet.harness.sql<{ detail: string }>(
      `select detail from audit_entries where chain = $1 and action = 'agent-enrolled'`,
      [member.workspaceId],
    );
    expect(JSON.parse(entry!.detail).scopes).toEqual(['metrics', 'exec', 'shell']);
  });

  test('gives the server no scope back that was taken from it since', async () => {
    const { serverId, token } = await addServer();
    await change(serverId, { profile: 'READ_ONLY' });
    await scene.post('/agent/enrol', requestFor(token));
    expect(await permissionsOf(serverId)).toEqual({ profile: 'READ_ONLY', scopes: ['METRICS'] });
  });

  test('anew raises generation and epoch, and voids the identity before', async () => {
    const { serverId, token } = await addServer();
    await scene.post('/agent/enrol', requestFor(token));
    await scene.fleet.harness.sql(
      'update agent_sessions set counter = 7, connected_at = now(), last_frame_at = now() where server_id = $1',
      [serverId],
    );
    const told: string[] = [];
    scene.fleet.servers.hooks.add(async (_ctx, _tx, id) => void told.push(id));
    const { body } = await scene.post('/agent/enrol', requestFor(await renewToken(serverId)));
    expect(openReceipt(body, [scene.fleet.identityKey])).toMatchObject({ serverId, generation: 2 });
    expect((await identitiesOf(serverId)).map(({ active }) => active)).toEqual([false, true]);
    expect(await sessionOf(serverId)).toEqual({ generation: 2, counter: 8, connected_at: null });
    expect(told).toEqual([serverId]);
  });

  test('brings a revoked server back', async () => {
    const { serverId, token } = await addServer();
    await scene.post('/agent/enrol', requestFor(token));
    expect((await scene.fleet.harness.ask(owner, REVOKE, { id: serverId })).data.revokeServer.state).toBe('REVOKED');
    expect((await identitiesOf(serverId)).map(({ active }) => active)).toEqual([false]);
    const { body } = await scene.post('/agent/enrol', requestFor(await renewToken(serverId)));
    expect(openReceipt(body, [scene.fleet.identityKey])).toMatchObject({ generation: 3 });
  });

  test('is refused with a token that was used, voided, revoked with its server, expired or never given out', async () => {
    const refused = async (token: string) =>
      expect((await scene.post('/agent/enrol', requestFor(token))).body.code).toBe('TOKEN_INVALID');
    const used = await addServer('used');
    await scene.post('/agent/enrol', requestFor(used.token));
    await refused(used.token);
    const voided = await addServer('voided');
    await renewToken(voided.serverId);
    await refused(voided.token);
    const revoked = await addServer('revoked');
    await scene.fleet.harness.ask(owner, REVOKE, { id: revoked.serverId });
    await refused(revoked.token);
    const expired = await addServer('expired');
    await scene.fleet.harness.sql(
      `update enrolment_tokens set expires_at = now() - interval '1 ms' where server_id = $1`,
      [expired.serverId],
    );
    await refused(expired.token);
    await refused(`phe_${'A'.repeat(43)}`);
    const last = await addServer('last');
    await scene.fleet.harness.sql(
      `update enrolment_tokens set expires_at = now() + interval '1 minute' where server_id = $1`,
      [last.serverId],
    );
    expect((await scene.post('/agent/enrol', requestFor(last.token))).status).toBe(200);
  });

  test('while its server is revoked and given a new token is answered, and never undoes the revocation', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { serverId, token } = await addServer(`race ${round}`);
      const [reply, revoked, renewed] = await Promise.all([
        scene.post('/agent/enrol', requestFor(token)),
        scene.fleet.harness.ask(owner, REVOKE, { id: serverId }),
        scene.fleet.harness.ask(owner, REENROL, { input: { serverId } }),
      ]);
      expect([200, 403]).toContain(reply.status);
      expect([revoked.code, renewed.code]).toEqual([undefined, undefined]);
      // Whatever came first, a revocation is not undone by a token from before it.
      const [server] = await scene.fleet.harness.sql<{ revoked: boolean }>(
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
    scene.fleet.servers.hooks.add(async () => {
      if (failing.active) throw new Error('secret inside');
    });
    const reply = await scene.post('/agent/enrol', requestFor(token));
    failing.active = false;
    expect(reply).toMatchObject({
      status: 500,
      body: { code: 'INTERNAL', message: 'Something went wrong on our side.' },
    });
    expect(scene.fleet.logged.join('')).toContain('secret inside');
    expect(await identitiesOf(serverId)).toEqual([]);
    expect(await tokenIsOpen(token)).toBe(true);
    expect((await scene.post('/agent/enrol', requestFor(token))).status).toBe(200);
  });

  test('takes only automatic tags there are: no host can put itself among production', async () => {
    const { serverId, token } = await addServer();
    const automaticTags = ['docker', 'production', 'x64', 'docker'];
    await scene.post('/agent/enrol', requestFor(token, { automaticTags }));
    const { data } = await scene.fleet.harness.ask(owner, SERVER, { id: serverId });
    expect(data.server).toMatchObject({ automaticTags: ['docker', 'x64'], tags: [] });
    expect(data.server.facts.automaticTags).toEqual(['docker', 'x64']);
  });

  test('returns what a hostile host says of itself as it is', async () => {
    const { serverId, token } = await addServer();
    const hostname = '<img src=x onerror=alert(1)>\u202e\u001b]52;c;AAAA\u0007';
    expect((await scene.post('/agent/enrol', requestFor(token, { hostname }))).status).toBe(200);
    expect((await scene.fleet.harness.ask(owner, SERVER, { id: serverId })).data.server.facts.hostname).toBe(hostname);
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
    const reply = await scene.post('/agent/enrol', { ...requestFor(token), ...change });
    expect({ status: reply.status, code: reply.body.code }).toEqual({ status, code });
    expect(Object.keys(reply.body)).toEqual(['code', 'message']);
    expect(await tokenIsOpen(token)).toBe(true);
  });

  test.each(['a\0b', '\ud800'])('is refused for facts that cannot be stored: %j', async (hostname) => {
    const { token } = await addServer();
    const { status, body } = await scene.post('/agent/enrol', requestFor(token, { hostname }));
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'MALFORMED' });
    expect(await tokenIsOpen(token)).toBe(true);
  });

  test('tells subscribers of the workspace', async () => {
    const { serverId, token } = await addServer();
    const [{ seq } = { seq: '0' }] = await scene.fleet.harness.sql<{ seq: string }>(
      'select seq from workspace_event_heads where workspace_id = $1',
      [member.workspaceId],
    );
    const document = `subscription ($after: SafeInt) { serverChanged(afterSeq: $after) { seq server { id state } } }`;
    const changes = scene.fleet.harness.follow(owner, document, { after: Number(seq) });
    const next = changes.next();
    await scene.post('/agent/enrol', requestFor(token));
    expect((await next).value).toMatchObject({
      data: { serverChanged: { seq: Number(seq) + 1, server: { id: serverId, state: 'OFFLINE' } } },
    });
    await changes.return();
  });
});
