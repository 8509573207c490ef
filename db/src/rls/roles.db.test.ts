import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOGIN_ROLES, OWNER_ROLES } from '../roles/index.js';
import { createTestDatabase, seedServer, seedWorkspace, type TestDatabase } from '../testing/index.js';

let database: TestDatabase;
let admin: Client;
let app: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.adminUrl });
  app = new Client({ connectionString: database.appUrl });
  await Promise.all([admin.connect(), app.connect()]);
  const { workspaceId } = await seedWorkspace(database);
  await seedServer(database, workspaceId);
});

afterAll(async () => {
  await Promise.all([admin.end(), app.end()]);
  await database.drop();
});

test('no role of ours is a superuser, passes row-level security, or makes roles or databases', async () => {
  const names = [...LOGIN_ROLES, ...OWNER_ROLES].sort();
  const { rows } = await admin.query(
    `select rolname::text as name, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication as dangerous
     from pg_roles where rolname = any ($1) order by rolname`,
    [names],
  );
  expect(rows).toEqual(names.map((name) => ({ name, dangerous: false })));
});

test('the app role owns nothing and belongs to no other role', async () => {
  const { rows } = await admin.query(
    `select (select count(*)::int from pg_shdepend
             where refclassid = 'pg_authid'::regclass and refobjid = 'ph_app'::regrole and deptype = 'o') as owned,
            (select count(*)::int from pg_auth_members where member = 'ph_app'::regrole) as memberships`,
  );
  expect(rows).toEqual([{ owned: 0, memberships: 0 }]);
});

test.each([
  ['switch row-level security off', 'alter table servers disable row level security'],
  ['stop enforcing it on the owner', 'alter table servers no force row level security'],
  ['drop a policy', 'drop policy servers_tenant on servers'],
  ['add a policy', 'create policy everything on servers using (true)'],
  ['become the owner', 'set role ph_owner'],
  ['become the owner of telemetry', 'set role ph_telemetry_owner'],
  ['become the jobs role', 'set role ph_jobs'],
  ['log in as another without a password', 'set session authorization ph_owner'],
  ['read past the policies', 'begin; set local row_security = off; select * from servers; commit'],
  ['make a table', 'create table public.mine (id int)'],
  ['make a temporary table that could hide a real one', 'create temp table servers (id int)'],
  ['make a function', `create function public.mine() returns int language sql as 'select 1'`],
  ['empty a table', 'truncate servers'],
  [
    'add a trigger',
    'create trigger t before insert on servers for each row execute function suppress_redundant_updates_trigger()',
  ],
  ['write audit entries', `insert into audit_entries select * from audit_entries`],
  ['alter audit entries', `update audit_entries set detail = ''`],
  ['delete audit entries', 'delete from audit_entries'],
  ['write audit heads', `insert into audit_heads values ('chain', null, 0, '')`],
  ['alter audit heads', 'update audit_heads set sequence = 0'],
  ['delete audit heads', 'delete from audit_heads'],
  ['write events past their numbering', 'insert into workspace_events select * from workspace_events'],
  ['alter event numbers', 'update workspace_event_heads set seq = 0'],
  ['read enrolment challenges', 'select * from agent_challenges'],
  ['reopen set-up', 'update installation set setup_completed_at = null'],
  ['change keysets', 'update keysets set version = 1'],
  ['take back a revocation', 'delete from revocations'],
])('the app role cannot %s', async (_what, statement) => {
  await expect(app.query(statement)).rejects.toMatchObject({ code: '42501' });
  await app.query('rollback');
});
