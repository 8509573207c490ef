import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';
import { installTelemetry } from './install.js';
import { setRetention } from './retention.js';

let database: TestDatabase;
let admin: Client;
beforeEach(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
});
afterEach(async () => {
  await admin.end();
  await database.drop();
});

const objects = async (): Promise<string[]> => {
  const { rows } = await admin.query<{ id: string }>(
    `select oid::text || relname as id from pg_class where relnamespace::regnamespace::text like 'telemetry%' order by 1`,
  );
  return rows.map(({ id }) => id);
};

test('installing again changes nothing', async () => {
  const before = await objects();
  expect(await installTelemetry(admin)).toMatchObject({ driver: 'plain' });
  expect(await objects()).toEqual(before);
});

test('another version of the definitions replaces functions and views and keeps rows, settings and watermarks', async () => {
  await setRetention(admin, { tier: 'host_sample', keepDays: 9 });
  await admin.query('insert into telemetry_raw.host_sample (time, server_id, cpu_pct) values (now(), 1, 5)');
  await admin.query('alter table telemetry_raw.host_sample drop column load15 cascade');
  const tiers = () => admin.query('select name, keep_days, watermark from telemetry_raw.tier order by name');
  const before = (await tiers()).rows;
  await admin.query(`update telemetry_raw.installation set definitions_digest = 'of an earlier version'`);
  await installTelemetry(admin);
  expect((await tiers()).rows).toEqual(before);
  const { rows } = await admin.query('select server_id, cpu_pct, load15 from telemetry_raw.host_sample');
  expect(rows).toEqual([{ server_id: 1, cpu_pct: 5, load15: null }]);
  const app = new Client({ connectionString: database.appUrl });
  await app.connect();
  expect((await app.query('select load15 from telemetry.host_sample')).rows).toEqual([]);
  await app.end();
});

test('refuses to start on a server without the TimescaleDB that the store was installed with', async () => {
  const { rowCount } = await admin.query(`select from pg_available_extensions where name = 'timescaledb'`);
  const missing = rowCount === 0 ? 'does not have the extension installed' : 'is not in this database';
  await admin.query(`update telemetry_raw.installation set driver = 'timescaledb'`);
  await expect(installTelemetry(admin)).rejects.toThrow(missing);
  await admin.query(`update telemetry_raw.installation set driver = 'plain', extension = 'COMMUNITY'`);
  expect(await installTelemetry(admin)).toMatchObject({ driver: 'plain', extension: 'COMMUNITY' });
});

test('a failed installation leaves nothing behind', async () => {
  const before = await objects();
  await admin.query(`update telemetry_raw.installation set definitions_digest = ''`);
  await admin.query('revoke usage on schema public from ph_telemetry_owner');
  await expect(installTelemetry(admin)).rejects.toThrow('permission denied');
  expect(await objects()).toEqual(before);
});
