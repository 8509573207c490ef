import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOGIN_ROLES, OWNER_ROLES } from '../roles/index.js';
import { inScope } from '../testing/in-scope.js';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';
import { seedEveryTable, type FullWorkspace } from '../testing/seed-every-table.js';

/** What runs as the owner, and for whom. A function that is not listed fails the test below. */
const CALLERS: Record<string, string[]> = {
  agent_by_id: ['ph_app'],
  agent_session_hold: ['ph_app', 'ph_telemetry_owner'],
  api_token_by_hash: ['ph_app'],
  audit_append: ['ph_app'],
  audit_chains: ['ph_app', 'ph_jobs'],
  complete_setup: ['ph_app'],
  deleted_metric_keys: ['ph_telemetry_owner'],
  end_own_api_tokens: ['ph_app'],
  enrol_agent: ['ph_app'],
  event_append: ['ph_app'],
  has_migration: ['ph_app'],
  installation_figures: ['ph_app'],
  invitation_by_code_hash: ['ph_app'],
  issue_agent_challenge: ['ph_app'],
  offer_setup_code: ['ph_app'],
  overdue_commands: ['ph_app', 'ph_jobs'],
  prune_agent_connections: ['ph_jobs'],
  prune_alerts: ['ph_jobs'],
  prune_api_tokens: ['ph_jobs'],
  prune_audit: ['ph_jobs'],
  prune_command_runs: ['ph_jobs'],
  prune_commands: ['ph_jobs'],
  prune_enrolment_tokens: ['ph_jobs'],
  prune_events: ['ph_jobs'],
  prune_instructions: ['ph_jobs'],
  prune_invitations: ['ph_jobs'],
  prune_revocations: ['ph_jobs'],
  prune_sessions: ['ph_jobs'],
  rights_of: ['ph_app'],
  servers_with_due_instructions: ['ph_app'],
  session_by_token_hash: ['ph_app'],
  setup_code_is_right: ['ph_app'],
  setup_is_complete: ['ph_app'],
  silent_agent_sessions: ['ph_app', 'ph_jobs'],
  spend_agent_challenge: ['ph_app'],
  touch_agent_sessions: ['ph_app'],
  unfinished_runs: ['ph_app', 'ph_jobs'],
  user_by_email: ['ph_app'],
};

/** Sweeps say which rows of which workspaces are due, and nothing about them. */
const SWEEPS = ['overdue_commands', 'silent_agent_sessions', 'unfinished_runs'];

let database: TestDatabase;
let admin: Client;
let app: Client;
let ours: FullWorkspace;
let theirs: FullWorkspace;

beforeAll(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.adminUrl });
  app = new Client({ connectionString: database.appUrl });
  await Promise.all([admin.connect(), app.connect()]);
  [ours, theirs] = [await seedEveryTable(database), await seedEveryTable(database)];
});

afterAll(async () => {
  await Promise.all([admin.end(), app.end()]);
  await database.drop();
});

describe('what runs with the rights of its owner', () => {
  const OURS = `from pg_proc p where prosecdef and pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`;

  test('fixes its search path', async () => {
    const { rows } = await admin.query(
      `select oid::regprocedure::text as name, proconfig ${OURS} and proconfig is distinct from '{"search_path=pg_catalog, pg_temp"}'`,
    );
    expect(rows).toEqual([]);
  });

  test('is not for everybody', async () => {
    const { rows } = await admin.query(
      `select oid::regprocedure::text as name ${OURS} and has_function_privilege('public', oid, 'EXECUTE')`,
    );
    expect(rows).toEqual([]);
  });

  test('belongs to a role that nobody can log in as', async () => {
    const { rows } = await admin.query(
      `select oid::regprocedure::text as name ${OURS}
       and proowner not in (select oid from pg_roles where not rolcanlogin and not rolsuper)`,
    );
    expect(rows).toEqual([]);
  });

  test('is for the listed callers', async () => {
    const { rows } = await admin.query<{ name: string; callers: string[] }>(
      `select proname::text as name, (select coalesce(array_agg(rolname::text order by rolname), '{}') from pg_roles r
         where rolname = any ($1) and oid <> proowner and has_function_privilege(r.oid, p.oid, 'EXECUTE')) as callers
       ${OURS} and pronamespace = 'public'::regnamespace order by proname`,
      [[...LOGIN_ROLES, ...OWNER_ROLES]],
    );
    expect(Object.fromEntries(rows.map(({ name, callers }) => [name, callers]))).toEqual(CALLERS);
  });

  test('is not told by its caller which workspace to write to', async () => {
    const { rows } = await admin.query<{ name: string; inputs: string }>(
      `select proname::text as name, pg_get_function_identity_arguments(oid) as inputs
       ${OURS} and pronamespace = 'public'::regnamespace and provolatile = 'v'`,
    );
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.filter(({ inputs }) => inputs.includes('workspace'))).toEqual([]);
  });

  test('what is asked about many servers answers with their ids only', async () => {
    const { rows } = await admin.query<{ result: string }>(
      `select pg_get_function_result(oid) as result from pg_proc
       where proname in ('servers_with_due_instructions', 'touch_agent_sessions')`,
    );
    expect(rows).toEqual([{ result: 'SETOF uuid' }, { result: 'SETOF uuid' }]);
  });

  test('a sweep returns a workspace and an id only', async () => {
    for (const sweep of SWEEPS) {
      const { rows } = await admin.query<{ result: string }>(
        'select pg_get_function_result(oid) as result from pg_proc where proname = $1',
        [sweep],
      );
      expect.soft(rows[0]?.result, sweep).toMatch(/^TABLE\(workspace_id uuid, (server_)?id uuid\)$/);
    }
  });
});

describe('a look-up', () => {
  const hashOf = (workspace: FullWorkspace) => Buffer.from(workspace.hash, 'hex');
  const LOOK_UPS: [string, string, (workspace: FullWorkspace) => unknown, unknown[]][] = [
    ['session_by_token_hash', 'user_id', hashOf, [null, Buffer.alloc(0), Buffer.from('%'), Buffer.alloc(16)]],
    ['api_token_by_hash', 'user_id', hashOf, [null, Buffer.alloc(0), Buffer.from('%'), Buffer.alloc(16)]],
    ['invitation_by_code_hash', 'invited_by', hashOf, [null, Buffer.alloc(0), Buffer.from('%'), Buffer.alloc(16)]],
    ['user_by_email', 'id', ({ userId }) => `${userId}@example.test`, [null, '', '%', '%@example.test', '_']],
    ['agent_by_id', 'server_id', ({ agentId }) => agentId, [null, '00000000-0000-0000-0000-000000000000']],
  ];

  test.each(LOOK_UPS)('%s returns the one row that is named, and none otherwise', async (name, column, key, wrong) => {
    for (const workspace of [ours, theirs]) {
      const { rows } = await app.query(`select * from ${name}($1)`, [key(workspace)]);
      expect(rows).toHaveLength(1);
      expect([workspace.userId, workspace.serverId]).toContain(rows[0][column]);
    }
    for (const value of wrong) {
      const { rows } = await app.query(`select * from ${name}($1)`, [value]);
      expect(rows).toEqual([]);
    }
  });

  test.each(LOOK_UPS)('%s opens nothing of the workspace it found', async (name, _column, key) => {
    await inScope(app, ours, async () => {
      await app.query(`select * from ${name}($1)`, [key(theirs)]);
      const { rows } = await app.query(
        `select workspace_id as id from servers union all select workspace_id from api_tokens
         union all select workspace_id from memberships union all select workspace_id from agent_identities`,
      );
      expect(new Set(rows.map(({ id }) => id))).toEqual(new Set([ours.workspaceId]));
    });
  });

  test('rights_of returns one workspace that the person is a member of, never another', async () => {
    const rights = async (person: string | null, wanted: string | null) => {
      const { rows } = await app.query('select workspace_id, role from rights_of($1, $2)', [person, wanted]);
      return rows;
    };
    const own = [{ workspace_id: ours.workspaceId, role: 'OWNER' }];
    expect(await rights(ours.userId, ours.workspaceId)).toEqual(own);
    expect(await rights(ours.userId, null)).toEqual(own);
    expect(await rights(ours.userId, theirs.workspaceId)).toEqual([]);
    expect(await rights(null, ours.workspaceId)).toEqual([]);
    expect(await rights(null, null)).toEqual([]);
  });

  test('finds no session or token that was revoked, of a disabled user, or of one who is no member any more', async () => {
    const found = async () => {
      const sessions = await app.query('select * from session_by_token_hash($1)', [hashOf(ours)]);
      const tokens = await app.query('select * from api_token_by_hash($1)', [hashOf(ours)]);
      return [sessions.rowCount, tokens.rowCount];
    };
    const after = async (change: string, undo: string) => {
      await admin.query(change, [ours.userId]);
      const result = await found();
      await admin.query(undo, [ours.userId]);
      return result;
    };
    expect(await found()).toEqual([1, 1]);
    for (const [table, user, expected] of [
      ['sessions', 'user_id', [0, 1]],
      ['api_tokens', 'user_id', [1, 0]],
    ] as const) {
      const set = (value: string) => `update ${table} set revoked_at = ${value} where ${user} = $1`;
      expect(await after(set('now()'), set('null'))).toEqual(expected);
    }
    const disable = (value: string) => `update users set disabled_at = ${value} where id = $1`;
    expect(await after(disable('now()'), disable('null'))).toEqual([0, 0]);
    const move = (from: FullWorkspace, to: FullWorkspace) =>
      `update memberships set workspace_id = '${to.workspaceId}' where user_id = $1 and workspace_id = '${from.workspaceId}'`;
    expect(await after(move(ours, theirs), move(theirs, ours))).toEqual([1, 0]);
  });
});

describe('a function that writes', () => {
  test('writes into the workspace of the transaction and no other', async () => {
    const heads = () =>
      admin.query(
        `select (select seq from workspace_event_heads where workspace_id = $1) as events,
                (select sequence from audit_heads where workspace_id = $1) as audit`,
        [theirs.workspaceId],
      );
    const before = await heads();
    await inScope(app, ours, async () => {
      await app.query(`select event_append('SERVER', $1)`, [theirs.serverId]);
      await app.query(`select audit_append('USER', $1, 'server.rename', 'SERVER', $2, '{}', '')`, [
        ours.userId,
        theirs.serverId,
      ]);
    });
    expect((await heads()).rows).toEqual(before.rows);
  });

  test.each([
    ['event_append', `select event_append('SERVER', gen_random_uuid())`],
    ['audit_append', `select audit_append('USER', '', 'a', 'b', 'c', '{}', '')`],
  ])('%s refuses to write without a workspace', async (name, statement) => {
    await expect(app.query(statement)).rejects.toThrow(`${name} needs a workspace`);
  });

  test('ends the API tokens of the person of the transaction, wherever, and nobody else’s', async () => {
    const live = async () => {
      const { rows } = await admin.query('select user_id as id from api_tokens where revoked_at is null');
      return rows.map(({ id }) => id).filter((id) => [ours.userId, theirs.userId].includes(id));
    };
    const end = () => app.query('select end_own_api_tokens(now())');
    expect((await end()).rowCount).toBe(0);
    await app.query('begin');
    await app.query(`select set_config('app.workspace', $1, true), set_config('app.user', $2, true)`, [
      theirs.workspaceId,
      ours.userId,
    ]);
    expect((await end()).rowCount).toBe(1);
    await app.query('commit');
    expect(await live()).toEqual([theirs.userId]);
    await admin.query('update api_tokens set revoked_at = null');
  });

  test('a session of another workspace is not held for the caller', async () => {
    const hold = (workspace: FullWorkspace) =>
      inScope(app, ours, async () => {
        const { rows } = await app.query('select server_id from agent_session_hold($1, $2, $3)', [
          [workspace.serverId],
          [1],
          [1],
        ]);
        return rows;
      });
    expect(await hold(ours)).toEqual([{ server_id: ours.serverId }]);
    expect(await hold(theirs)).toEqual([]);
  });

  test('an agent challenge is spent once, by the agent it was issued to, before it expires', async () => {
    const issue = (hash: string, until: string) =>
      app.query(`select issue_agent_challenge($1, $2, now() + $3::interval)`, [ours.agentId, Buffer.from(hash), until]);
    const spend = async (agentId: string, hash: string) => {
      const { rows } = await app.query('select spend_agent_challenge($1, $2) as spent', [agentId, Buffer.from(hash)]);
      return rows[0].spent;
    };
    await issue('good', '1 second');
    expect(await spend(theirs.agentId, 'good')).toBeNull();
    expect(await spend(ours.agentId, 'good')).toBe(true);
    expect(await spend(ours.agentId, 'good')).toBeNull();
    await issue('late', '-1 microsecond');
    expect(await spend(ours.agentId, 'late')).toBeNull();
  });
});
