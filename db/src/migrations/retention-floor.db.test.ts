import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { RETENTION_DAYS, type RetainedTable } from '../retention-days.js';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';
import { seedEveryTable } from '../testing/seed-every-table.js';

const TABLES = Object.keys(RETENTION_DAYS) as RetainedTable[];

let database: TestDatabase;
let admin: Client;
let jobs: Client;
beforeAll(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.adminUrl });
  jobs = new Client({ connectionString: database.jobsUrl });
  await Promise.all([admin.connect(), jobs.connect()]);
});
afterAll(async () => {
  await Promise.all([admin.end(), jobs.end()]);
  await database.drop();
});
beforeEach(() => seedEveryTable(database));

const NAMES: Partial<Record<RetainedTable, string>> = { audit_entries: 'audit', workspace_events: 'events' };
const functionOf = (table: RetainedTable) => `prune_${NAMES[table] ?? table}`;

/** Asks for the removal of everything before a time, an SQL expression, as the jobs do. */
const prune = (table: RetainedTable, before: string) =>
  jobs.query(`select ${functionOf(table)}(${table in NAMES ? before : `${before}, 1000`})`);

const count = async (table: RetainedTable) => (await admin.query(`select 1 from ${table}`)).rowCount;

test.each(TABLES)('whoever may remove %s removes none that is younger than its retention', async (table) => {
  const days = RETENTION_DAYS[table];
  const youngest = `now() - interval '${days * 24 - 1} hours'`;
  const rows = await count(table);
  for (const before of [`${youngest} + interval '1 second'`, 'now()', `'infinity'`]) {
    await expect(prune(table, before), before).rejects.toThrow(
      `${table} are kept for ${days} days: nothing younger may be removed`,
    );
  }
  await prune(table, `${youngest} - interval '1 second'`);
  expect(await count(table)).toBe(rows);
});

test('every function that removes rows before a time has a retention to refuse by', async () => {
  const { rows } = await admin.query<{ name: string }>(
    `select proname::text as name from pg_proc where proname like 'prune\\_%' and pronamespace = 'public'::regnamespace`,
  );
  expect(rows.map(({ name }) => name).sort()).toEqual(TABLES.map(functionOf).sort());
});
