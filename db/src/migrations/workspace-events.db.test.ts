import { randomUUID } from 'node:crypto';
import { Client, Pool, type ClientBase } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { inScope } from '../testing/in-scope.js';
import { createTestDatabase, seedWorkspace, type SeededWorkspace, type TestDatabase } from '../testing/index.js';

let database: TestDatabase;
let admin: Client;
let app: Pool;
let tenant: SeededWorkspace;

beforeAll(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
  app = new Pool({ connectionString: database.appUrl, max: 20 });
});

afterAll(async () => {
  await Promise.all([admin.end(), app.end()]);
  await database.drop();
});

beforeEach(async () => void (tenant = await seedWorkspace(database)));

async function append(client: ClientBase): Promise<number> {
  const { rows } = await client.query(`select event_append('SERVER', $1) as seq`, [randomUUID()]);
  return Number(rows[0].seq);
}

async function inTransaction<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
  const client = await app.connect();
  try {
    return await inScope(client, tenant, () => work(client));
  } finally {
    client.release();
  }
}

async function storedNumbers(): Promise<number[]> {
  const { rows } = await admin.query<{ seq: number }>(
    'select seq::int from workspace_events where workspace_id = $1 order by seq',
    [tenant.workspaceId],
  );
  return rows.map(({ seq }) => seq);
}

test('20 concurrent transactions number their events without gap, in the order in which they commit', async () => {
  const given: number[] = [];
  const writer = async (name: number) => {
    for (let n = 0; n < 5; n += 1) {
      const work = inTransaction(async (client) => {
        const numbers = [await append(client), await append(client)];
        if (name % 4 === 0) throw new Error('rolled back');
        return numbers;
      });
      if (name % 4 === 0) await expect(work).rejects.toThrow('rolled back');
      else given.push(...(await work));
    }
  };
  let writing = true;
  const reader = async () => {
    while (writing) {
      const numbers = await storedNumbers();
      expect(numbers).toEqual(numbers.map((_number, index) => index + 1));
    }
  };
  const writers = Promise.all(Array.from({ length: 20 }, (_, name) => writer(name)));
  await Promise.all([writers.finally(() => (writing = false)), reader()]);
  expect(await storedNumbers()).toEqual(Array.from({ length: 150 }, (_, index) => index + 1));
  expect(given.sort((a, b) => a - b)).toEqual(await storedNumbers());
});

test('numbers go on after old events were removed', async () => {
  await inTransaction(append);
  const jobs = new Client({ connectionString: database.jobsUrl });
  await jobs.connect();
  await admin.query(`update workspace_events set at = now() - interval '25 hours'`);
  await jobs.query(`select prune_events(now() - interval '24 hours')`);
  await jobs.end();
  expect(await storedNumbers()).toEqual([]);
  expect(await inTransaction(append)).toBe(2);
});
