import { expect, test } from 'vitest';
import { createTestDatabase, withClient } from './test-database.js';

test('two test databases do not see each other', async () => {
  const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  await withClient(one.adminUrl, (client) => client.query('create table public.only_here (id int)'));
  const found = await withClient(two.adminUrl, (client) =>
    client.query(`select to_regclass('public.only_here') as it`),
  );
  expect(found.rows).toEqual([{ it: null }]);
  await Promise.all([one.drop(), two.drop()]);
});

test('each role logs in to a test database as itself', async () => {
  const database = await createTestDatabase();
  const { appUrl, jobsUrl, telemetryWriterUrl, signerUrl } = database;
  const names = await Promise.all(
    [appUrl, jobsUrl, telemetryWriterUrl, signerUrl].map((url) =>
      withClient(url, async (client) => (await client.query('select current_user as name')).rows[0].name),
    ),
  );
  expect(names).toEqual(['ph_app', 'ph_jobs', 'ph_telemetry_writer', 'ph_signer']);
  await database.drop();
});
