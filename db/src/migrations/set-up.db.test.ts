import { createHash, randomUUID } from 'node:crypto';
import { Client, Pool } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';

const hashOf = (code: string) => createHash('sha256').update(code).digest();
const CODE = hashOf('AAAA-BBBB-CCCC');

let database: TestDatabase;
let admin: Client;
let replicas: [Pool, Pool];

beforeEach(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
  const replica = () => new Pool({ connectionString: database.appUrl, max: 8 });
  replicas = [replica(), replica()];
});

afterEach(async () => {
  await Promise.all([admin.end(), ...replicas.map((pool) => pool.end())]);
  await database.drop();
});

async function call(pool: Pool, name: string, values: unknown[] = []): Promise<boolean | null> {
  const places = values.map((_value, index) => `$${index + 1}`).join(', ');
  const { rows } = await pool.query<{ result: boolean | null }>(`select ${name}(${places}) as result`, values);
  return rows[0]?.result ?? null;
}

const owner = (n = 0) => ({
  userId: randomUUID(),
  email: `owner-${n}@example.test`,
  displayName: 'Owner',
  passwordHash: 'hash',
  workspaceId: randomUUID(),
  workspaceName: 'Home',
});

async function people(): Promise<unknown[]> {
  const { rows } = await admin.query(
    `select u.email, m.role, w.name from users u full join memberships m on m.user_id = u.id
     full join workspaces w on w.id = m.workspace_id`,
  );
  return rows;
}

test('of 50 concurrent set-ups with the right code, by two replicas, one makes the owner', async () => {
  expect(await call(replicas[0], 'offer_setup_code', [CODE, 'one'])).toBe(true);
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, n) => call(replicas[n % 2 ? 1 : 0], 'complete_setup', [CODE, owner(n)])),
  );
  expect(results.filter((result) => result === true)).toHaveLength(1);
  expect(results.filter((result) => result === false)).toHaveLength(49);
  expect(await people()).toEqual([
    { email: `owner-${results.indexOf(true)}@example.test`, role: 'OWNER', name: 'Home' },
  ]);
});

test('a wrong, missing or replaced code makes nobody the owner and leaves set-up open', async () => {
  expect(await call(replicas[0], 'complete_setup', [CODE, owner()])).toBe(false);
  expect(await call(replicas[0], 'complete_setup', [null, owner()])).toBe(false);
  await call(replicas[0], 'offer_setup_code', [CODE, 'one']);
  for (const wrong of [null, Buffer.alloc(0), hashOf('AAAA-BBBB-CCCD')]) {
    expect(await call(replicas[0], 'complete_setup', [wrong, owner()])).toBe(false);
  }
  const next = hashOf('the code of the next start');
  await call(replicas[0], 'offer_setup_code', [next, 'one']);
  expect(await call(replicas[0], 'complete_setup', [CODE, owner()])).toBe(false);
  expect(await people()).toEqual([]);
  expect(await call(replicas[0], 'setup_is_complete')).toBe(false);
  expect(await call(replicas[0], 'complete_setup', [next, owner()])).toBe(true);
});

test('two replicas that start at once do not void each other’s code: either is good, once', async () => {
  const other = hashOf('DDDD-EEEE-FFFF');
  await Promise.all([
    call(replicas[0], 'offer_setup_code', [CODE, 'one']),
    call(replicas[1], 'offer_setup_code', [other, 'other']),
  ]);
  const again = hashOf('GGGG-HHHH-JJJJ');
  await call(replicas[1], 'offer_setup_code', [again, 'other']);
  expect(await call(replicas[0], 'complete_setup', [other, owner()])).toBe(false);
  expect(await call(replicas[1], 'complete_setup', [CODE, owner()])).toBe(true);
  expect(await call(replicas[0], 'complete_setup', [again, owner()])).toBe(false);
});

test('once an owner exists set-up stays closed, whatever code is offered', async () => {
  await call(replicas[0], 'offer_setup_code', [CODE, 'one']);
  await call(replicas[0], 'complete_setup', [CODE, owner()]);
  const before = await people();
  expect(await call(replicas[1], 'setup_is_complete')).toBe(true);
  expect(await call(replicas[1], 'offer_setup_code', [CODE, 'one'])).toBeNull();
  expect(await call(replicas[1], 'complete_setup', [CODE, owner(1)])).toBe(false);
  const { rows } = await admin.query('select setup_code_hashes from installation');
  expect(rows).toEqual([{ setup_code_hashes: {} }]);
  await admin.query('delete from memberships; delete from users');
  expect(await call(replicas[1], 'complete_setup', [CODE, owner(2)])).toBe(false);
  expect(before).toHaveLength(1);
});

test('set-up that fails on the way leaves the code unspent', async () => {
  await call(replicas[0], 'offer_setup_code', [CODE, 'one']);
  const nameless = { ...owner(), workspaceName: null };
  await expect(call(replicas[0], 'complete_setup', [CODE, nameless])).rejects.toMatchObject({ code: '23502' });
  expect(await people()).toEqual([]);
  expect(await call(replicas[0], 'complete_setup', [CODE, owner()])).toBe(true);
});
