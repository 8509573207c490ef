import { createTestDatabase, seedServer, seedWorkspace, type TestDatabase } from '@pilothouse/db/testing';
import { Client, Pool } from 'pg';
import { pino } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { retentionJob } from './retention.job.js';
import { RetentionRepository } from './retention.repository.js';

const NOW = new Date();
const signal = new AbortController().signal;

let database: TestDatabase;
let admin: Client;
let pool: Pool;
let tenant: { workspaceId: string; userId: string; serverId: string };
beforeAll(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
  pool = new Pool({ connectionString: database.jobsUrl, max: 2 });
});
afterAll(async () => {
  await Promise.all([admin.end(), pool.end()]);
  await database.drop();
});
beforeEach(async () => {
  const workspace = await seedWorkspace(database);
  tenant = { ...workspace, ...(await seedServer(database, workspace.workspaceId)) };
});

const run = (at = signal) =>
  retentionJob({ repository: new RetentionRepository(pool), log: pino({ level: 'silent' }) }).run({
    now: NOW,
    signal: at,
  }) as Promise<Record<string, number>>;

const daysAgo = (days: number, minutes: number) => new Date(NOW.getTime() - days * 86_400_000 - minutes * 60_000);

let sequence = 0;
async function addCommand(state: string, finishedAt: Date | null, runId: string | null = null): Promise<string> {
  const id = uuidv7();
  await admin.query(
    `insert into commands (id, workspace_id, server_id, run_id, sequence, priority, state, arguments, scopes, limits, idempotent, actor_kind,
       actor_id, search_text, created_at, expires_at, finished_at)
     values ($1, $2, $3, $4, $5, 0, $6, '{}', '{}', '{}', false, 'USER', $7, '', '2020-01-01', '2020-01-02', $8)`,
    [id, tenant.workspaceId, tenant.serverId, runId, (sequence += 1), state, tenant.userId, finishedAt],
  );
  await admin.query(
    `insert into command_output (workspace_id, command_id, seq, stream, position, data, recorded_at)
     values ($1, $2, 1, 'STDOUT', 0, 'x', now())`,
    [tenant.workspaceId, id],
  );
  return id;
}

async function addRun(finishedAt: Date): Promise<string> {
  const id = uuidv7();
  await admin.query(
    `insert into command_runs (id, workspace_id, state, arguments, target, server_count, batch_size, batch_pause_ms, actor_kind,
       actor_id, created_at, finished_at)
     values ($1, $2, 'FINISHED', '{}', '{}', 1, 1, 0, 'USER', $3, '2020-01-01', $4)`,
    [id, tenant.workspaceId, tenant.userId, finishedAt],
  );
  return id;
}

const kept = async (table: string, column = 'id'): Promise<string[]> => {
  const { rows } = await admin.query(`select ${column} as key from ${table} where workspace_id = $1 order by 1`, [
    tenant.workspaceId,
  ]);
  return rows.map(({ key }) => key);
};

test('removes commands that ended over 90 days ago with all they had, and their runs, and no others', async () => {
  const [oldRun, youngRun] = [await addRun(daysAgo(90, 1)), await addRun(daysAgo(90, -1))];
  await addCommand('SUCCEEDED', daysAgo(90, 1), oldRun);
  const young = await addCommand('FAILED', daysAgo(90, -1), youngRun);
  const open = await addCommand('RUNNING', null);
  await run();
  expect(await kept('commands')).toEqual([young, open].sort());
  expect(await kept('command_output', 'command_id')).toEqual([young, open].sort());
  expect(await kept('command_runs')).toEqual([youngRun]);
});

test('keeps a run as long as one of its commands', async () => {
  const runId = await addRun(daysAgo(91, 0));
  await addCommand('SUCCEEDED', daysAgo(89, 0), runId);
  await run();
  expect(await kept('command_runs')).toEqual([runId]);
});

/** Inserts a row that has been of no use since a time, and returns its id. */
const INSERT: Record<string, { days: number; sql: string }> = {
  agent_connections: {
    days: 90,
    sql: `insert into agent_connections (id, workspace_id, server_id, generation, counter, address, agent_version, connected_at, disconnected_at)
          values ($1, $2, $3, 1, 1, '', '', '2020-01-01', $4)`,
  },
  enrolment_tokens: {
    days: 30,
    sql: `insert into enrolment_tokens (id, workspace_id, server_id, token_hash, scopes, created_at, expires_at, used_at)
          values ($1, $2, $3, uuid_send($1), '{}', '2020-01-01', '2999-01-01', $4)`,
  },
  alerts: {
    days: 90,
    sql: `insert into alerts (id, workspace_id, server_id, kind, reason, count, raised_at, acknowledged_at)
          values ($1, $2, $3, 'INTEGRITY', '', 1, '2020-01-01', $4)`,
  },
  api_tokens: {
    days: 400,
    sql: `insert into api_tokens (id, workspace_id, user_id, name, token_hash, hint, scopes, created_at, revoked_at)
          select $1, $2, m.user_id, '', uuid_send($1), '', '{}', '2020-01-01', $4 from memberships m
           where m.workspace_id = $2 and $3::uuid is not null`,
  },
  instructions: {
    days: 90,
    sql: `insert into instructions (id, workspace_id, server_id, kind, created_at, expires_at) values ($1, $2, $3, 'cancel', '2020-01-01', $4)`,
  },
};

test.each(Object.entries(INSERT))('removes %s only after their time', async (table, { days, sql }) => {
  const [old, young] = [uuidv7(), uuidv7()];
  for (const [id, at] of [
    [old, daysAgo(days, 1)],
    [young, daysAgo(days, -1)],
  ]) {
    await admin.query(sql, [id, tenant.workspaceId, tenant.serverId, at]);
  }
  await run();
  expect(await kept(table)).toEqual([young]);
});

test('removes sessions 30 days after they ended or expired, and old revocations and events after one', async () => {
  const session = (minutes: number, revoked: boolean) =>
    admin.query(
      `insert into sessions (id, user_id, token_hash, client, second_factor, created_at, last_used_at, expires_at, address, user_agent, revoked_at)
       values (gen_random_uuid(), $1, uuid_send(gen_random_uuid()), 'CLI', false, '2020-01-01', now(), $2, '', $3, $4)`,
      [
        tenant.userId,
        revoked ? '2999-01-01' : daysAgo(30, minutes),
        `${minutes}`,
        revoked ? daysAgo(30, minutes) : null,
      ],
    );
  for (const minutes of [1, -1]) await Promise.all([session(minutes, true), session(minutes, false)]);
  const at = [daysAgo(1, 1), daysAgo(1, -1)];
  await admin.query(`insert into revocations (kind, subject_id, at) select 'USER', $1, unnest($2::timestamptz[])`, [
    tenant.userId,
    at,
  ]);
  await admin.query(
    `insert into workspace_events (workspace_id, seq, kind, subject_id, at)
     select $1, n, 'SERVER', $2, at from unnest($3::timestamptz[]) with ordinality as e (at, n)`,
    [tenant.workspaceId, tenant.serverId, at],
  );
  await run();
  const { rows } = await admin.query('select user_agent from sessions where user_id = $1', [tenant.userId]);
  expect(rows).toEqual([{ user_agent: '-1' }, { user_agent: '-1' }]);
  const revocations = await admin.query('select at from revocations where subject_id = $1', [tenant.userId]);
  expect(revocations.rows).toEqual([{ at: at[1] }]);
  expect(await kept('workspace_events', 'seq')).toEqual(['2']);
});

test('removes more rows than one batch, and nothing the second time', async () => {
  await admin.query(
    `insert into revocations (kind, subject_id, at) select 'USER', $1, '2020-01-01' from generate_series(1, 2500)`,
    [tenant.userId],
  );
  expect(await run()).toMatchObject({ revocations: 2500 });
  expect(Object.values(await run()).every((removed) => removed === 0)).toBe(true);
});

test('ends at its next step when the process is to stop', async () => {
  await admin.query(`insert into revocations (kind, subject_id, at) values ('USER', $1, '2020-01-01')`, [
    tenant.userId,
  ]);
  await run(AbortSignal.abort());
  const { rows } = await admin.query('select 1 from revocations where subject_id = $1', [tenant.userId]);
  expect(rows).toHaveLength(1);
});

test('a row that somebody holds waits for the next time', async () => {
  const id = await addCommand('SUCCEEDED', daysAgo(91, 0));
  await admin.query('begin');
  await admin.query('select 1 from commands where id = $1 for update', [id]);
  await run();
  await admin.query('commit');
  expect(await kept('commands')).toEqual([id]);
  await run();
  expect(await kept('commands')).toEqual([]);
});

test('the api’s own role may remove nothing so', async () => {
  const app = new Client({ connectionString: database.appUrl });
  await app.connect();
  for (const table of ['commands', 'sessions', 'api_tokens']) {
    await expect(app.query(`select prune_${table}(now(), 1)`)).rejects.toThrow('permission denied');
  }
  await app.end();
});
