import { DataSource, type QueryRunner } from 'typeorm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrations } from '../migrations/index.js';
import { ensureRoles, secureDatabase } from '../roles/index.js';
import { createEmptyTestDatabase, type TestDatabase } from '../testing/index.js';
import { withClient } from '../testing/test-database.js';
import { dataSourceOptions, migrate } from './index.js';
import { ownerDataSource, runMigrations, type MigrationClass } from './run-migrations.js';

let database: TestDatabase;
beforeEach(async () => void (database = await createEmptyTestDatabase()));
afterEach(() => database.drop());

const options = () => ({ adminUrl: database.adminUrl, rolePasswords: database.rolePasswords });
const everyName = migrations.map((migration) => new migration().name);

class MakesNotes2030010100010 {
  name = 'MakesNotes2030010100010';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table notes (id int)');
  }
  async down(): Promise<void> {}
}

class FailsHalfway2030010100020 {
  name = 'FailsHalfway2030010100020';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table half (id int)');
    await runner.query('select 1 / 0');
  }
  async down(): Promise<void> {}
}

async function prepare(): Promise<void> {
  await withClient(database.adminUrl, async (client) => {
    await ensureRoles(client, database.rolePasswords);
    await secureDatabase(client);
  });
}

async function tables(): Promise<unknown[]> {
  const text = `select relname as name, relowner::regrole::text as owner from pg_class
                where relname in ('notes', 'half') and relkind = 'r'`;
  return withClient(database.adminUrl, async (client) => (await client.query(text)).rows);
}

test('brings an empty database to the present schema, and finds nothing to do the second time', async () => {
  const first = await migrate(options());
  expect(first.applied).toEqual(everyName);
  const second = await migrate(options());
  expect(second).toEqual({ applied: [], telemetryDriver: first.telemetryDriver });
});

test('of two starters at once one migrates and the other finds it done', async () => {
  const reports = await Promise.all([migrate(options()), migrate(options())]);
  expect(reports.map(({ applied }) => applied.length).sort((a, b) => a - b)).toEqual([0, everyName.length]);
});

test('says which migrations it applied', async () => {
  const said: string[] = [];
  await migrate({ ...options(), log: (line) => said.push(line) });
  expect(said).toEqual(everyName.map((name) => `Applied migration ${name}`));
});

test('every migration applies to the state that the one before it left', async () => {
  await prepare();
  for (let count = 1; count <= migrations.length; count++) {
    expect(await runMigrations(database.adminUrl, migrations.slice(0, count))).toEqual([everyName[count - 1]]);
  }
});

test('what a migration makes belongs to ph_owner, though an administrator runs it', async () => {
  await prepare();
  await runMigrations(database.adminUrl, [MakesNotes2030010100010]);
  expect(await tables()).toEqual([{ name: 'notes', owner: 'ph_owner' }]);
});

test('a migration that fails leaves nothing of itself, and keeps those before it', async () => {
  await prepare();
  const both: MigrationClass[] = [MakesNotes2030010100010, FailsHalfway2030010100020];
  await expect(runMigrations(database.adminUrl, both)).rejects.toThrow('division by zero');
  expect(await tables()).toEqual([{ name: 'notes', owner: 'ph_owner' }]);
});

test('a failed migration leaves no connection and no lock behind', async () => {
  await expect(migrate({ ...options(), adminUrl: `${database.adminUrl}_missing` })).rejects.toMatchObject({
    code: '3D000',
  });
  await expect(migrate(options())).resolves.toMatchObject({ applied: everyName });
});

test('every migration can be undone in the order in which it came', async () => {
  await migrate(options());
  const dataSource = await ownerDataSource(database.adminUrl, migrations).initialize();
  for (const _ of migrations) await dataSource.undoLastMigration();
  await dataSource.destroy();
  expect(await runMigrations(database.adminUrl, migrations)).toEqual(everyName);
});

test('a condition on null or undefined is an error, not a match of every row', async () => {
  await migrate(options());
  const settings = dataSourceOptions({ url: database.adminUrl, applicationName: 'pilothouse tests', poolSize: 1 });
  const dataSource = await new DataSource(settings).initialize();
  try {
    const users = dataSource.getRepository('UserEntity');
    await expect(users.findBy({ id: undefined })).rejects.toThrow(/undefined/i);
    await expect(users.findBy({ id: null })).rejects.toThrow(/null/i);
  } finally {
    await dataSource.destroy();
  }
});
