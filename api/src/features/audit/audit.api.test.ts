import { randomBytes } from 'node:crypto';
import type { SeededWorkspace } from '@pilothouse/db/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import type { Actor } from '../../kernel/request-context.js';
import { AuditScene } from './testing/audit.scene.js';

const ENTRIES = `query ($first: Int, $after: String, $filter: AuditFilterInput) {
  auditEntries(first: $first, after: $after, filter: $filter) {
    nodes { sequence at actorKind actorId action targetKind targetId detail intentDigest previousHash hash }
    pageInfo { hasNextPage endCursor } } }`;

let scene: AuditScene;
let tenant: SeededWorkspace;
beforeAll(async () => void (scene = await AuditScene.open()));
afterAll(() => scene.close());
beforeEach(async () => void (tenant = await scene.workspace()));

const ask = (variables: Record<string, unknown> = {}, as = tenant) =>
  scene.harness.ask(scene.harness.as(as, 'VIEWER'), ENTRIES, variables);
const sequences = async (variables: Record<string, unknown> = {}) =>
  (await ask(variables)).data.auditEntries.nodes.map(({ sequence }: { sequence: number }) => sequence);

test('shows who did what to what and when, newest first', async () => {
  const before = Date.now();
  await scene.record(tenant, { detail: { name: '<b>web</b>' } });
  await scene.record(tenant, { action: 'command-queued', target: { kind: 'COMMAND', id: 'c' }, intentDigest: 'abc' });
  const [newest, oldest] = (await ask()).data.auditEntries.nodes;
  expect(newest).toMatchObject({ sequence: 2, action: 'command-queued', targetId: 'c', intentDigest: 'abc' });
  expect(newest.previousHash).toBe(oldest.hash);
  expect(oldest).toMatchObject({ sequence: 1, actorKind: 'USER', actorId: tenant.userId, targetKind: 'SERVER' });
  expect(JSON.parse(oldest.detail)).toEqual({ name: '<b>web</b>', address: '192.0.2.1', requestId: 'request' });
  expect(oldest.at.getTime()).toBeGreaterThanOrEqual(before - 5);
});

test('names the person behind a session or API token, while they are a member', async () => {
  const [apiTokenId, leaver] = [uuidv7(), await scene.workspace()];
  await scene.harness.sql(
    `insert into api_tokens (id, workspace_id, user_id, name, token_hash, hint, scopes, created_at)
     values ($1, $2, $3, 'reports', $4, 'abcd', '{READ}', now())`,
    [apiTokenId, tenant.workspaceId, tenant.userId, randomBytes(32)],
  );
  const actors = [
    { kind: 'USER', id: tenant.userId, sessionId: apiTokenId, steppedUpAt: null },
    { kind: 'API_TOKEN', id: apiTokenId, userId: tenant.userId, scopes: ['READ'] },
    { kind: 'USER', id: leaver.userId, sessionId: apiTokenId, steppedUpAt: null },
    { kind: 'SYSTEM', id: null, job: 'retention' },
  ] as const satisfies readonly Actor[];
  for (const actor of actors) await scene.recordAs(tenant, actor);
  const source = '{ auditEntries { nodes { actorId actorPerson { id email } } } }';
  const { data } = await scene.harness.ask(scene.harness.as(tenant, 'VIEWER'), source);
  const person = { id: tenant.userId, email: expect.stringContaining('@') };
  expect(data.auditEntries.nodes).toEqual([
    { actorId: 'retention', actorPerson: null },
    { actorId: leaver.userId, actorPerson: null },
    { actorId: apiTokenId, actorPerson: person },
    { actorId: tenant.userId, actorPerson: person },
  ]);
});

test('pages through the chain without gap or repetition while it grows', async () => {
  await scene.recordMany(tenant, 5);
  const first = (await ask({ first: 2 })).data.auditEntries;
  await scene.record(tenant);
  const second = (await ask({ first: 2, after: first.pageInfo.endCursor })).data.auditEntries;
  const last = (await ask({ first: 2, after: second.pageInfo.endCursor })).data.auditEntries;
  const seen = [first, second, last].flatMap(({ nodes }) => nodes.map((node: { sequence: number }) => node.sequence));
  expect(seen).toEqual([5, 4, 3, 2, 1]);
  expect(last.pageInfo.hasNextPage).toBe(false);
});

test('chooses by action, actor, target, time and text, all of which must hold', async () => {
  await scene.record(tenant, { action: 'server-created', target: { kind: 'SERVER', id: 'one' } });
  await scene.record(tenant, {
    action: 'server-updated',
    target: { kind: 'SERVER', id: 'one' },
    detail: { to: '100%_x' },
  });
  await scene.record(tenant, { action: 'server-updated', target: { kind: 'SERVER', id: 'two' } });
  const { at } = (await ask()).data.auditEntries.nodes[1];
  expect(await sequences({ filter: { action: 'server-updated' } })).toEqual([3, 2]);
  expect(await sequences({ filter: { actorId: tenant.userId, targetId: 'one' } })).toEqual([2, 1]);
  expect(await sequences({ filter: { actorId: 'nobody' } })).toEqual([]);
  expect(await sequences({ filter: { search: 'UPDATED' } })).toEqual([3, 2]);
  expect(await sequences({ filter: { search: '0%_X' } })).toEqual([2]);
  expect(await sequences({ filter: { search: '0__X' } })).toEqual([]);
  expect(await sequences({ filter: { from: at, search: 'one' } })).not.toContain(1);
  expect(await sequences({ filter: { to: at } })).not.toContain(2);
});

test.each([
  ['a page of none', { first: 0 }, 'BAD_USER_INPUT'],
  ['a page of 200', { first: 200 }, undefined],
  ['a page of 201', { first: 201 }, 'BAD_USER_INPUT'],
  ['a cursor that is none', { after: 'x' }, 'BAD_USER_INPUT'],
  ['a cursor with another key', { after: Buffer.from('["1; drop"]').toString('base64url') }, 'BAD_USER_INPUT'],
  [
    'a cursor beyond every number',
    { after: Buffer.from(`["${'9'.repeat(30)}"]`).toString('base64url') },
    'BAD_USER_INPUT',
  ],
  ['a text of 200 characters', { filter: { search: 'x'.repeat(200) } }, undefined],
  ['a text of 201 characters', { filter: { search: 'x'.repeat(201) } }, 'BAD_USER_INPUT'],
  ['an empty text', { filter: { action: '' } }, 'BAD_USER_INPUT'],
  ['a NUL', { filter: { targetId: 'a\0' } }, 'BAD_USER_INPUT'],
  ['a range that ends before it begins', { filter: { from: new Date(1), to: new Date(0) } }, 'BAD_USER_INPUT'],
])('answers as it should to %s', async (_what, variables, code) => {
  expect((await ask(variables)).code).toBe(code);
});

test('another workspace cannot read an entry, nor the installation’s', async () => {
  await scene.record(tenant);
  await scene.record(tenant, { installation: true });
  const stranger = await scene.workspace();
  expect((await ask({}, stranger)).data.auditEntries.nodes).toEqual([]);
  expect(await sequences()).toEqual([1]);
});
