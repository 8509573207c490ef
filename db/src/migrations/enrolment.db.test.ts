import { randomBytes, randomUUID } from 'node:crypto';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, seedServer, seedWorkspace, type TestDatabase } from '../testing/index.js';

let database: TestDatabase;
let admin: Client;
let replicas: [Pool, Pool];
let workspaceId: string;
let serverId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
  const replica = () => new Pool({ connectionString: database.appUrl, max: 8 });
  replicas = [replica(), replica()];
});

afterAll(async () => {
  await Promise.all([admin.end(), ...replicas.map((pool) => pool.end())]);
  await database.drop();
});

beforeEach(async () => {
  ({ workspaceId } = await seedWorkspace(database));
  ({ serverId } = await seedServer(database, workspaceId));
});

/** The hash of a new token that was made `age` ago and holds for 24 hours. */
async function issueToken(age = '0', scopes: string[] = []): Promise<Buffer> {
  const hash = randomBytes(32);
  await admin.query(
    `insert into enrolment_tokens (id, workspace_id, server_id, token_hash, scopes, created_at, expires_at)
     values (gen_random_uuid(), $1, $2, $3, $5, now() - $4::interval, now() - $4::interval + interval '24 hours')`,
    [workspaceId, serverId, hash, age, scopes],
  );
  return hash;
}

async function enrol(hash: Buffer | null, { agentId = randomUUID(), replica = replicas[0] } = {}): Promise<unknown[]> {
  const request = { agentId, publicKey: `key of ${agentId}`, facts: { hostname: 'host' } };
  const { rows } = await replica.query('select * from enrol_agent($1, $2)', [hash, request]);
  return rows;
}

async function identities(): Promise<{ id: string; active: boolean }[]> {
  const { rows } = await admin.query(
    'select id, revoked_at is null as active from agent_identities where server_id = $1 order by created_at',
    [serverId],
  );
  return rows;
}

test('of 50 concurrent redemptions by two replicas one makes an identity', async () => {
  const hash = await issueToken();
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, n) => enrol(hash, { replica: replicas[n % 2 ? 1 : 0] })),
  );
  expect(results.flat()).toMatchObject([{ server_id: serverId, workspace_id: workspaceId, generation: 1 }]);
  expect(await identities()).toHaveLength(1);
});

test('two tokens of one server redeemed at once leave one identity in force', async () => {
  const hashes = await Promise.all([issueToken(), issueToken(), issueToken(), issueToken()]);
  const results = await Promise.all(hashes.map((hash, n) => enrol(hash, { replica: replicas[n % 2 ? 1 : 0] })));
  const generations = results.flat().map((row) => (row as { generation: number }).generation);
  expect(new Set(generations)).toEqual(new Set([1, 2, 3, 4]));
  expect((await identities()).filter(({ active }) => active)).toHaveLength(1);
});

test('a token holds for just under 24 hours and not for just over', async () => {
  expect(await enrol(await issueToken('24 hours'))).toEqual([]);
  expect(await enrol(await issueToken('23 hours 59 minutes 30 seconds'))).toHaveLength(1);
});

test('a used, revoked or unknown token, or one of a deleted server, gives nothing', async () => {
  const used = await issueToken();
  await enrol(used);
  const revoked = await issueToken();
  await admin.query('update enrolment_tokens set revoked_at = now() where token_hash = $1', [revoked]);
  const before = await identities();
  for (const hash of [used, revoked, randomBytes(32), Buffer.alloc(0), null]) expect(await enrol(hash)).toEqual([]);
  const orphaned = await issueToken();
  await admin.query('update servers set deleted_at = now() where id = $1', [serverId]);
  expect(await enrol(orphaned)).toEqual([]);
  expect(await identities()).toEqual(before);
});

test('enrolling again revokes the identity before and raises the generation', async () => {
  const [first, second] = [randomUUID(), randomUUID()];
  expect(await enrol(await issueToken(), { agentId: first })).toMatchObject([{ generation: 1 }]);
  expect(await enrol(await issueToken(), { agentId: second })).toMatchObject([{ generation: 2 }]);
  expect(await identities()).toEqual([
    { id: first, active: false },
    { id: second, active: true },
  ]);
  const { rows } = await replicas[0].query('select agent_id, revoked, generation from agent_by_id($1)', [first]);
  expect(rows).toEqual([{ agent_id: first, revoked: true, generation: 2 }]);
});

test.each([
  ['all of them', ['metrics', 'exec', 'shell'], { profile: 'mine', scopes: ['metrics', 'exec'] }],
  ['some of them', ['exec'], { profile: 'custom', scopes: ['exec'] }],
  ['others', ['shell'], { profile: 'custom', scopes: [] }],
])('the server keeps those of its scopes that the token is for: %s', async (_which, ofToken, kept) => {
  await admin.query(`update servers set profile = 'mine', scopes = '{metrics,exec}' where id = $1`, [serverId]);
  expect(await enrol(await issueToken('0', ofToken))).toMatchObject([{ scopes: kept.scopes }]);
  const { rows } = await admin.query('select profile, scopes from servers where id = $1', [serverId]);
  expect(rows).toEqual([kept]);
});

test('a redemption that is rolled back leaves the token unspent', async () => {
  const hash = await issueToken();
  const taken = randomUUID();
  await admin.query(
    `insert into agent_identities (id, workspace_id, server_id, public_key, created_at, revoked_at)
     values ($1, $2, $3, 'key', now(), now())`,
    [taken, workspaceId, serverId],
  );
  await expect(enrol(hash, { agentId: taken })).rejects.toMatchObject({ code: '23505' });
  expect(await enrol(hash)).toHaveLength(1);
});
