import type { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';
import { withClient } from '../testing/test-database.js';
import { ensureRoles, LOGIN_ROLES, OWNER_ROLES } from './index.js';

const EVERY_ROLE = [...LOGIN_ROLES, ...OWNER_ROLES];
const DENIED = { code: '42501' };

let database: TestDatabase;
beforeAll(async () => void (database = await createTestDatabase()));
afterAll(() => database.drop());

function asAdmin<T>(work: (client: Client) => Promise<T>): Promise<T> {
  return withClient(database.adminUrl, work);
}

async function rows(text: string, values: unknown[] = []): Promise<unknown[]> {
  return asAdmin(async (client) => (await client.query(text, values)).rows);
}

test('no role may pass row-level security, be a superuser, or make roles or databases', async () => {
  const found = await rows(
    `select rolname as name, rolcanlogin as login from pg_roles where rolname = any ($1)
     and not (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or rolinherit) order by 1`,
    [EVERY_ROLE],
  );
  expect(found).toEqual([
    { name: 'ph_app', login: true },
    { name: 'ph_jobs', login: true },
    { name: 'ph_owner', login: false },
    { name: 'ph_signer', login: true },
    { name: 'ph_telemetry_owner', login: false },
    { name: 'ph_telemetry_writer', login: true },
  ]);
});

test('no role that logs in can become another', async () => {
  const found = await rows(
    `select member::regrole::text as member, roleid::regrole::text as role from pg_auth_members
     where member::regrole::text = any ($1)`,
    [LOGIN_ROLES],
  );
  expect(found).toEqual([]);
});

test.each(['ph_app', 'ph_telemetry_writer', 'ph_signer'])('%s owns nothing at all', async (role) => {
  const found = await rows(
    `select classid::regclass::text as kind, objid from pg_shdepend
     where refclassid = 'pg_authid'::regclass and refobjid = $1::regrole and deptype = 'o'`,
    [role],
  );
  expect(found).toEqual([]);
});

test('everything in the schema public belongs to ph_owner', async () => {
  const found = await rows(
    `select relname as name, relowner::regrole::text as owner from pg_class
     where relnamespace = 'public'::regnamespace and relowner <> 'ph_owner'::regrole
     union all
     select proname, proowner::regrole::text from pg_proc
     where pronamespace = 'public'::regnamespace and proowner <> 'ph_owner'::regrole`,
  );
  expect(found).toEqual([]);
});

test.each([
  ['a table', 'create table public.mine (id int)'],
  ['a temporary table', 'create temp table mine (id int)'],
  ['a function', `create function public.mine() returns int language sql as 'select 1'`],
  ['a schema', 'create schema mine'],
  ['a table of the job queue', 'create table bullmq.mine (id int)'],
])('ph_app cannot create %s', async (_what, statement) => {
  await expect(withClient(database.appUrl, (client) => client.query(statement))).rejects.toMatchObject(DENIED);
});

test('ph_jobs can work in the schema of the job queue, and ph_app cannot look into it', async () => {
  await withClient(database.jobsUrl, (client) => client.query('create table bullmq.job as select 1 as id'));
  const look = (url: string) => withClient(url, (client) => client.query('select * from bullmq.job'));
  expect((await look(database.jobsUrl)).rows).toEqual([{ id: 1 }]);
  await expect(look(database.appUrl)).rejects.toMatchObject(DENIED);
});

test.each(EVERY_ROLE.filter((role) => role !== 'ph_app'))('ph_app cannot become %s', async (role) => {
  await expect(withClient(database.appUrl, (client) => client.query(`set role ${role}`))).rejects.toMatchObject(DENIED);
});

test('a function made by ph_owner can be called by nobody until it is granted', async () => {
  await asAdmin(async (client) => {
    await client.query('set role ph_owner');
    await client.query(`create function public.secret() returns int language sql as 'select 7'`);
  });
  const call = () => withClient(database.appUrl, (client) => client.query('select public.secret() as it'));
  await expect(call()).rejects.toMatchObject(DENIED);
  await asAdmin((client) => client.query('grant execute on function public.secret() to ph_app'));
  expect((await call()).rows).toEqual([{ it: 7 }]);
});

test('a role that has no business here cannot even connect', async () => {
  const stranger = `stranger_${database.name}`;
  await asAdmin((client) => client.query(`create role ${stranger} login password 'stranger'`));
  const url = new URL(database.adminUrl);
  url.username = stranger;
  url.password = 'stranger';
  await expect(withClient(url.href, (client) => client.query('select 1'))).rejects.toMatchObject(DENIED);
  await asAdmin((client) => client.query(`drop role ${stranger}`));
});

test('writes nothing when every role is as it should be', async () => {
  const versions = () => rows(`select rolname, xmin from pg_authid where rolname = any ($1) order by 1`, [EVERY_ROLE]);
  const before = await versions();
  await asAdmin((client) => ensureRoles(client, database.rolePasswords));
  expect(await versions()).toEqual(before);
});
