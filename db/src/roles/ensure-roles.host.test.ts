import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../migrate/index.js';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.js';
import { createDatabase, databaseUrl, onServer, withClient } from '../testing/test-database.js';
import { ensureRoles, generateRolePasswords, roleUrl } from './index.js';

// Roles belong to a whole server: a server of its own, because other tests rely on theirs.
let cluster: TestCluster;
beforeAll(async () => void (cluster = await startTestCluster({ durable: false })));
afterAll(() => cluster.remove());

test('an administrator who is no superuser but owns the database and may create roles can migrate it', async () => {
  await onServer(cluster.adminUrl, `create role dba login createrole password 'dba'`);
  await createDatabase(cluster.adminUrl, 'managed', 'template0');
  await onServer(cluster.adminUrl, 'alter database managed owner to dba');
  const url = new URL(databaseUrl(cluster.adminUrl, 'managed'));
  url.username = 'dba';
  url.password = 'dba';

  const rolePasswords = generateRolePasswords();
  const first = await migrate({ adminUrl: url.href, rolePasswords });
  expect(first.applied.length).toBeGreaterThan(0);
  expect((await migrate({ adminUrl: url.href, rolePasswords })).applied).toEqual([]);
  const asApp = roleUrl(url.href, 'ph_app', rolePasswords.ph_app);
  const { rows } = await withClient(asApp, (client) => client.query('select current_user as name'));
  expect(rows).toEqual([{ name: 'ph_app' }]);
});

test('puts right a role that was given too much, and a password that changed', async () => {
  const passwords = generateRolePasswords();
  await withClient(cluster.adminUrl, async (client) => {
    await ensureRoles(client, passwords);
    await client.query(`alter role ph_app superuser bypassrls createdb password 'other'`);
    await client.query('alter role ph_owner login');
    await ensureRoles(client, passwords);
    const { rows } = await client.query(
      `select rolname as name from pg_roles where rolname in ('ph_app', 'ph_owner')
       and (rolsuper or rolbypassrls or rolcreatedb or (rolcanlogin and rolname = 'ph_owner'))`,
    );
    expect(rows).toEqual([]);
  });
  const asApp = roleUrl(cluster.adminUrl, 'ph_app', passwords.ph_app);
  const { rows } = await withClient(asApp, (client) => client.query('select current_user as name'));
  expect(rows).toEqual([{ name: 'ph_app' }]);
});
