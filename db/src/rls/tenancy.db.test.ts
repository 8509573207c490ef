import { Client, escapeIdentifier, Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inScope } from '../testing/in-scope.js';
import { createTestDatabase, seedServer, seedWorkspace, type TestDatabase } from '../testing/index.js';
import { seedEveryTable, type FullWorkspace } from '../testing/seed-every-table.js';
import { withClient } from '../testing/test-database.js';

/** Tables of the schema `public` without a tenant: why they have none, and what the app role may do with them. */
const WITHOUT_TENANT: Record<string, { reason: string; appMay: string[] }> = {
  agent_challenges: { reason: 'before the handshake no workspace is known; reached by two functions', appMay: [] },
  installation: { reason: 'one row about the installation; reached by the functions of set-up', appMay: [] },
  keysets: { reason: 'public keys that every agent is given', appMay: ['SELECT'] },
  migrations: { reason: "TypeORM's record of what ran", appMay: [] },
  revocations: {
    reason: 'ids without content; every replica closes what depended on them',
    appMay: ['INSERT', 'SELECT'],
  },
};

/** Tables whose rows belong to a person; with a workspace alone set, none is visible. */
const OF_A_PERSON = ['recovery_codes', 'sessions', 'totp_credentials'];

const REFUSED_BY_POLICY = { code: '42501', message: expect.stringContaining('row-level security policy') };

let database: TestDatabase;
let admin: Client;
let app: Client;
let ours: FullWorkspace;
let theirs: FullWorkspace;
let tenantTables: string[];
let tablesWithWorkspace: string[];

async function column<T>(client: Client, sql: string, values: unknown[] = []): Promise<T[]> {
  const { rows } = await client.query<{ value: T }>(sql, values);
  return rows.map(({ value }) => value);
}

const count = async (client: Client, table: string) =>
  (await column<number>(client, `select count(*)::int as value from ${table}`))[0];

/** All rows of the other workspace, to see that nothing of them changed. */
async function theirRows(): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (const table of tablesWithWorkspace) {
    const sql = `select to_jsonb(t) as value from ${table} t where workspace_id = $1 order by 1`;
    rows.push(...(await column(admin, sql, [theirs.workspaceId])));
  }
  return rows;
}

beforeAll(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.adminUrl });
  app = new Client({ connectionString: database.appUrl });
  await Promise.all([admin.connect(), app.connect()]);
  [ours, theirs] = [await seedEveryTable(database), await seedEveryTable(database)];
  const tables = await column<string>(
    admin,
    `select relname::text as value from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1`,
  );
  tenantTables = tables.filter((table) => !Object.hasOwn(WITHOUT_TENANT, table));
  tablesWithWorkspace = await column<string>(
    admin,
    `select attrelid::regclass::text as value from pg_attribute
     where attname = 'workspace_id' and not attisdropped and attrelid::regclass::text = any ($1) order by 1`,
    [tenantTables],
  );
});

afterAll(async () => {
  await Promise.all([admin.end(), app.end()]);
  await database.drop();
});

test('both workspaces have rows in every tenant table, so that seeing none means something', async () => {
  for (const table of tenantTables) expect.soft(await count(admin, table), table).toBeGreaterThanOrEqual(2);
  for (const table of tablesWithWorkspace) {
    const present = await column(admin, `select distinct workspace_id as value from ${table}`);
    expect.soft(present, table).toEqual(expect.arrayContaining([ours.workspaceId, theirs.workspaceId]));
  }
});

test('every tenant table enforces row-level security, also on its owner', async () => {
  const enforced = await column(
    admin,
    `select relname::text as value from pg_class where relnamespace = 'public'::regnamespace
     and relrowsecurity and relforcerowsecurity order by 1`,
  );
  expect(enforced).toEqual(tenantTables);
});

test('the app role has on tables without a tenant the rights that are listed, no more', async () => {
  for (const [table, { appMay }] of Object.entries(WITHOUT_TENANT)) {
    const rights = await column(
      admin,
      `select privilege as value from unnest(array['DELETE', 'INSERT', 'SELECT', 'TRUNCATE', 'UPDATE']) privilege
       where has_table_privilege('ph_app', $1, privilege)
          or privilege in ('INSERT', 'SELECT', 'UPDATE') and has_any_column_privilege('ph_app', $1, privilege) order by 1`,
      [table],
    );
    expect.soft(rights, table).toEqual(appMay);
  }
});

test('outside the schema public the app role has no right on any table', async () => {
  const open = await column(
    admin,
    `select oid::regclass::text as value from pg_class
     where relkind in ('r', 'p') and relnamespace not in ('public'::regnamespace, 'pg_catalog'::regnamespace,
         'information_schema'::regnamespace)
       and has_schema_privilege('ph_app', relnamespace, 'USAGE')
       and has_table_privilege('ph_app', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')`,
  );
  expect(open).toEqual([]);
});

describe('reading', () => {
  test('without workspace and user no table shows a row', async () => {
    for (const table of tenantTables) expect.soft(await count(app, table), table).toBe(0);
  });

  test('a connection that had a workspace and a user before shows no row', async () => {
    await inScope(app, ours, async () => expect(await count(app, 'servers')).toBe(1));
    expect(await column(app, `select current_setting('app.workspace', true) as value`)).toEqual(['']);
    for (const table of tenantTables) expect.soft(await count(app, table), table).toBe(0);
  });

  test('a connection whose last transaction failed shows no row', async () => {
    await expect(inScope(app, ours, () => app.query('select 1 / 0'))).rejects.toMatchObject({ code: '22012' });
    for (const table of tenantTables) expect.soft(await count(app, table), table).toBe(0);
  });

  test('with a workspace every table shows its rows and no others', async () => {
    await inScope(app, { workspaceId: ours.workspaceId }, async () => {
      for (const table of tenantTables) {
        const expected = OF_A_PERSON.includes(table) ? 0 : 1;
        expect.soft(await count(app, table), table).toBe(expected);
      }
      for (const table of tablesWithWorkspace) {
        const visible = await column(app, `select distinct workspace_id as value from ${table}`);
        expect.soft(visible, table).toEqual(OF_A_PERSON.includes(table) ? [] : [ours.workspaceId]);
      }
    });
  });

  test('with a user and no workspace only what is their own is visible', async () => {
    await inScope(app, { userId: ours.userId }, async () => {
      const visible: string[] = [];
      for (const table of tenantTables) if ((await count(app, table)) === 1) visible.push(table);
      expect(visible).toEqual(['memberships', ...OF_A_PERSON, 'users', 'workspaces'].sort());
    });
  });

  test('a text that is no id is an error, not a tenant', async () => {
    await expect(inScope(app, { workspaceId: `' or true --` }, () => count(app, 'servers'))).rejects.toMatchObject({
      code: '22P02',
    });
  });
});

describe('writing into another workspace', () => {
  test('is refused for a new row in every table', async () => {
    const before = await theirRows();
    for (const table of tablesWithWorkspace) {
      const insert = inScope(app, ours, () =>
        app.query(
          `insert into ${escapeIdentifier(table)} overriding system value
           select (jsonb_populate_record(t, jsonb_build_object('workspace_id', $1::uuid))).* from ${table} t`,
          [theirs.workspaceId],
        ),
      );
      await expect.soft(insert, table).rejects.toMatchObject({ code: '42501' });
    }
    expect(await theirRows()).toEqual(before);
  });

  test('is refused for moving an own row there, in every table', async () => {
    for (const table of tablesWithWorkspace) {
      const update = inScope(app, ours, () =>
        app.query(`update ${escapeIdentifier(table)} set workspace_id = $1`, [theirs.workspaceId]),
      );
      await expect.soft(update, table).rejects.toMatchObject({ code: '42501' });
    }
  });

  test('changes and deletes nothing, in every table', async () => {
    const before = await theirRows();
    for (const table of tablesWithWorkspace) {
      for (const [right, statement] of [
        ['UPDATE', `update ${table} set workspace_id = workspace_id where workspace_id = $1`],
        ['DELETE', `delete from ${table} where workspace_id = $1`],
      ] as const) {
        const [allowed] = await column(admin, `select has_table_privilege('ph_app', $1, $2) as value`, [table, right]);
        if (!allowed) continue;
        const { rowCount } = await inScope(app, ours, () => app.query(statement, [theirs.workspaceId]));
        expect.soft(rowCount, `${right} ${table}`).toBe(0);
      }
    }
    expect(await theirRows()).toEqual(before);
  });

  test('is refused by the policy itself where the role has the right', async () => {
    const insert = inScope(app, ours, () =>
      app.query(`insert into server_tags (workspace_id, server_id, tag, automatic) values ($1, $2, 'stolen', false)`, [
        theirs.workspaceId,
        theirs.serverId,
      ]),
    );
    await expect(insert).rejects.toMatchObject(REFUSED_BY_POLICY);
  });

  test('does not happen by pointing at one of its rows', async () => {
    const token = inScope(app, ours, () =>
      app.query(
        `insert into enrolment_tokens (id, workspace_id, server_id, token_hash, scopes, created_at, expires_at)
         values (gen_random_uuid(), $1, $2, 'hash', '{}', now(), now() + interval '1 day')`,
        [ours.workspaceId, theirs.serverId],
      ),
    );
    await expect(token).rejects.toMatchObject({ code: '23503', constraint: 'enrolment_tokens_server' });
  });

  test('every reference to a row that has a workspace includes the workspace', async () => {
    const leaving = await column(
      admin,
      `select conname::text as value from pg_constraint k
       where contype = 'f'
         and exists (select from pg_attribute a where a.attrelid = k.confrelid and a.attname = 'workspace_id')
         and not exists (select from pg_attribute a
                         where a.attrelid = k.confrelid and a.attname = 'workspace_id' and a.attnum = any (k.confkey))`,
    );
    expect(leaving).toEqual([]);
  });
});

describe('a member of two workspaces', () => {
  const whileInOurs = <T>(work: () => Promise<T>) =>
    inScope(app, { workspaceId: ours.workspaceId, userId: theirs.userId }, work);

  test('sees both names from either, and changes only the current one', async () => {
    await whileInOurs(async () => {
      expect(await count(app, 'workspaces')).toBe(2);
      const { rows } = await app.query(`update workspaces set name = 'renamed' returning id`);
      expect(rows).toEqual([{ id: ours.workspaceId }]);
    });
  });

  test('cannot raise their own role in the other', async () => {
    const { rowCount } = await whileInOurs(() =>
      app.query(`update memberships set role = 'OWNER' where workspace_id = $1`, [theirs.workspaceId]),
    );
    expect(rowCount).toBe(0);
    const stranger = await seedWorkspace(database);
    const join = inScope(app, ours, () =>
      app.query(`insert into memberships (workspace_id, user_id, role, created_at) values ($1, $2, 'OWNER', now())`, [
        stranger.workspaceId,
        ours.userId,
      ]),
    );
    await expect(join).rejects.toMatchObject(REFUSED_BY_POLICY);
  });

  test('is not written to by those who share a workspace with them', async () => {
    await admin.query(`insert into memberships values ($1, $2, 'VIEWER', now())`, [ours.workspaceId, theirs.userId]);
    await inScope(app, ours, async () => {
      expect(await column(app, 'select id as value from users order by 1')).toEqual(
        [ours.userId, theirs.userId].sort(),
      );
      const { rows } = await app.query(`update users set password_hash = 'taken over' returning id`);
      expect(rows).toEqual([{ id: ours.userId }]);
    });
    await admin.query('delete from memberships where workspace_id = $1 and user_id = $2', [
      ours.workspaceId,
      theirs.userId,
    ]);
  });
});

test('200 interleaved transactions on two connections never see each other', async () => {
  const pool = new Pool({ connectionString: database.appUrl, max: 2 });
  const workspaces = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const { workspaceId } = await seedWorkspace(database);
      await seedServer(database, workspaceId);
      return workspaceId;
    }),
  );
  const scopes = Array.from({ length: 200 }, (_, n) => (n % 6 === 5 ? {} : { workspaceId: workspaces[n % 6] }));
  const seen = await Promise.all(
    scopes.map(async (scope, n) => {
      const client = await pool.connect();
      try {
        return await inScope(client, scope, async () => {
          const first = await client.query('select workspace_id as id from servers');
          await client.query('insert into revocations (kind, subject_id) values ($1, gen_random_uuid())', ['SERVER']);
          const second = await client.query('select workspace_id as id from servers');
          if (n % 7 === 0) await client.query('select 1 / 0');
          return [...first.rows, ...second.rows];
        });
      } catch (error) {
        expect(error).toMatchObject({ code: '22012' });
        return 'failed';
      } finally {
        client.release();
      }
    }),
  );
  const expected = scopes.map(({ workspaceId: id }, n) => (n % 7 === 0 ? 'failed' : id ? [{ id }, { id }] : []));
  expect(seen).toEqual(expected);
  expect(await withClient(database.appUrl, (client) => count(client, 'servers'))).toBe(0);
  await pool.end();
});
