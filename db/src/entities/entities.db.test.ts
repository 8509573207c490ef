import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataSourceOptions } from '../migrate/index.js';
import { createTestDatabase, seedServer, seedWorkspace, type TestDatabase } from '../testing/index.js';
import { entities, ServerEntity, WorkspaceEventHeadEntity } from './index.js';

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await createTestDatabase();
  const settings = { url: database.adminUrl, applicationName: 'pilothouse tests', poolSize: 1 };
  dataSource = await new DataSource(dataSourceOptions(settings)).initialize();
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

/** The statements that would make the schema what the entities say. */
async function difference(): Promise<string[]> {
  const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
  return upQueries.map(({ query }) => query);
}

async function names(sql: string): Promise<string[]> {
  const rows: { name: string }[] = await dataSource.query(sql);
  return rows.map(({ name }) => name);
}

describe('entities and schema', () => {
  test('do not differ', async () => {
    expect(await difference()).toEqual([]);
  });

  test('have the same tables', async () => {
    const tables = await names(
      `select relname::text as name from pg_class
       where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> 'migrations' order by 1`,
    );
    expect(dataSource.entityMetadatas.map(({ tableName }) => tableName).sort()).toEqual(tables);
    expect(entities).toHaveLength(tables.length);
  });

  test('have the same indexes, also those that the comparison passes over', async () => {
    const indexes = await names(
      `select indexrelid::regclass::text as name from pg_index i join pg_class c on c.oid = i.indrelid
       where c.relnamespace = 'public'::regnamespace and c.relname <> 'migrations'
         and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u')) order by 1`,
    );
    const described = dataSource.entityMetadatas.flatMap(({ indices }) => indices.map(({ name }) => name));
    expect(described.sort()).toEqual(indexes);
  });

  test('have the same names of constraints', async () => {
    const constraints = await names(
      `select conname::text as name from pg_constraint k join pg_class c on c.oid = k.conrelid
       where c.relnamespace = 'public'::regnamespace and c.relname <> 'migrations' and contype in ('p', 'u', 'f', 'c')
       order by 1`,
    );
    const described = dataSource.entityMetadatas.flatMap((table) => [
      ...new Set(table.primaryColumns.map((column) => column.primaryKeyConstraintName)),
      ...[...table.uniques, ...table.foreignKeys, ...table.checks].map(({ name }) => name),
    ]);
    expect(new Set(described)).toEqual(new Set(constraints));
    expect(described).toHaveLength(constraints.length);
  });
});

describe('a bigint', () => {
  const largest = Number.MAX_SAFE_INTEGER;

  test('is a number up to the largest safe one, also as a condition', async () => {
    const { workspaceId } = await seedWorkspace(database);
    const heads = dataSource.getRepository(WorkspaceEventHeadEntity);
    await heads.insert({ workspaceId, seq: largest });
    expect(await heads.findOneBy({ seq: largest })).toEqual({ workspaceId, seq: largest });
  });

  test('is an error beyond it, instead of another number', async () => {
    const { workspaceId } = await seedWorkspace(database);
    await dataSource.query('insert into workspace_event_heads values ($1, $2)', [workspaceId, `${2n ** 53n}`]);
    await expect(dataSource.getRepository(WorkspaceEventHeadEntity).find()).rejects.toThrow('not a safe integer');
  });
});

test('a new server is given its metric key by the database', async () => {
  const { workspaceId } = await seedWorkspace(database);
  const first = await seedServer(database, workspaceId);
  const servers = dataSource.getRepository(ServerEntity);
  const server = servers.create({
    id: '01940000-0000-7000-8000-000000000001',
    workspaceId,
    name: 'web-1',
    profile: 'operator',
    scopes: ['exec'],
    createdAt: new Date(),
  });
  await servers.insert(server);
  expect(server.metricKey).toBe(first.metricKey + 1);
  expect(await servers.findOneByOrFail({ id: server.id })).toMatchObject({
    metricKey: first.metricKey + 1,
    commandSequence: 0,
    description: '',
    scopes: ['exec'],
    groupId: null,
  });
});

describe('the comparison', () => {
  test.each([
    ['a column of another type', 'alter table users alter disabled_at type date', 'disabled_at'],
    ['a column the entity does not have', 'alter table installation add extra text', 'extra'],
    ['a column that went missing', 'alter table servers drop maintenance', 'maintenance'],
    ['a column that may now be null', 'alter table sessions alter address drop not null', 'address'],
    ['another default', 'alter table servers alter concurrency set default 8', 'concurrency'],
    ['a foreign key that went missing', 'alter table grants drop constraint grants_user', 'grants_user'],
    ['a check that went missing', 'alter table grants drop constraint grants_one_target', 'grants_one_target'],
    ['an index that went missing', 'drop index commands_open', 'commands_open'],
  ])('notices %s', async (_what, change, name) => {
    expect((await difference()).join('\n')).not.toContain(name);
    await dataSource.query(change);
    expect((await difference()).join('\n')).toContain(name);
  });
});
