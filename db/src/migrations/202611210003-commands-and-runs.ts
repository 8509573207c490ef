import type { MigrationInterface, QueryRunner } from 'typeorm';
import { closeTable, DEFINER, withinWorkspace } from './tenancy.js';

export class CommandsAndRuns2026112100030 implements MigrationInterface {
  name = 'CommandsAndRuns2026112100030';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(
      ['command_runs', 'commands', 'instructions', 'command_output', 'command_templates']
        .map((table) => closeTable(table))
        .join('\n'),
    );
    await runner.query(FUNCTIONS);
    await runner.query(GRANTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function overdue_commands(timestamptz, timestamptz), unfinished_runs(), commands_older_than(timestamptz),
        servers_with_due_instructions(uuid[], int[], timestamptz, timestamptz);
      drop table command_templates, command_output, instructions, commands, command_runs`);
  }
}

const TABLES = `
  create table command_runs (
    id uuid primary key,
    workspace_id uuid not null constraint command_runs_workspace references workspaces on delete cascade,
    state text not null constraint command_runs_state check (state in ('RUNNING', 'STOPPING', 'FINISHED', 'STOPPED')),
    arguments jsonb not null,
    target jsonb not null,
    server_count int not null,
    skipped_server_ids uuid[] not null default '{}',
    batch_size int not null,
    batch_pause_ms int not null,
    max_failures int,
    released_batch int not null default 0,
    next_batch_at timestamptz,
    stop_reason text,
    actor_kind text not null,
    actor_id uuid not null,
    idempotency_key text,
    created_at timestamptz not null,
    finished_at timestamptz,
    constraint command_runs_in_workspace unique (workspace_id, id));
  create unique index command_runs_idempotency on command_runs (workspace_id, actor_id, idempotency_key);
  create index command_runs_recent on command_runs (workspace_id, created_at desc, id desc);
  create index command_runs_open on command_runs (id) where state in ('RUNNING', 'STOPPING');

  create table commands (
    id uuid primary key,
    workspace_id uuid not null constraint commands_workspace references workspaces on delete cascade,
    server_id uuid not null,
    run_id uuid,
    batch int not null default 0,
    held boolean not null default false,
    sequence bigint not null,
    priority int not null,
    state text not null constraint commands_state check (state in
      ('QUEUED', 'DELIVERED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'CANCELLED', 'EXPIRED', 'VETOED', 'INTERRUPTED')),
    revision int not null default 1,
    arguments jsonb not null,
    -- what it needs of its server
    scopes text[] not null,
    limits jsonb not null,
    idempotent boolean not null,
    actor_kind text not null,
    actor_id uuid not null,
    idempotency_key text,
    rerun_of uuid,
    search_text text not null,
    envelope bytea not null default '',
    -- whether the envelope is stored sealed, because values of an environment or standard input are in it
    envelope_sealed boolean not null default false,
    envelope_digest text not null default '',
    envelope_key_id text not null default '',
    envelope_signature bytea not null default '',
    created_at timestamptz not null,
    expires_at timestamptz not null,
    sent_at timestamptz,
    -- counter of the connection it was last sent on: a new connection gets it again at once
    sent_counter int,
    delivered_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    unreachable_since timestamptz,
    deadline_at timestamptz,
    unit text,
    boot_id text,
    exit_code int,
    signal text,
    reason text,
    outcome text,
    duration_ms bigint,
    stdout_bytes bigint not null default 0,
    stderr_bytes bigint not null default 0,
    -- last piece recorded, bytes up to its end over both streams, and the last piece there will be (from the result)
    output_last_seq bigint not null default 0,
    output_position bigint not null default 0,
    output_expected_seq bigint,
    result bytea,
    result_signature bytea,
    late_result bytea,
    late_result_signature bytea,
    late_result_at timestamptz,
    cancel_requested_at timestamptz,
    cancel_requested_by uuid,
    constraint commands_in_workspace unique (workspace_id, id),
    ${withinWorkspace('server_id', 'servers', 'commands_server')} on delete cascade,
    ${withinWorkspace('run_id', 'command_runs', 'commands_run')} on delete cascade);
  create unique index commands_idempotency on commands (workspace_id, actor_id, idempotency_key)
    where idempotency_key is not null;
  create unique index commands_sequence on commands (server_id, sequence);
  create index commands_recent on commands (workspace_id, created_at desc, id desc);
  create index commands_by_server on commands (workspace_id, server_id, created_at desc);
  create index commands_by_run on commands (run_id, batch) where run_id is not null;
  -- Begins with the workspace, as row-level security does: even a plan made for an empty table then finds it the best.
  create index commands_open on commands (workspace_id, server_id, priority desc, sequence) where state in ('QUEUED', 'DELIVERED', 'RUNNING');

  create table instructions (
    id uuid primary key,
    workspace_id uuid not null constraint instructions_workspace references workspaces on delete cascade,
    server_id uuid not null,
    kind text not null,
    command_id uuid,
    envelope bytea not null default '',
    envelope_sealed boolean not null default false,
    envelope_digest text not null default '',
    envelope_key_id text not null default '',
    envelope_signature bytea not null default '',
    created_at timestamptz not null,
    expires_at timestamptz not null,
    sent_at timestamptz,
    sent_counter int,
    received_at timestamptz,
    ${withinWorkspace('server_id', 'servers', 'instructions_server')} on delete cascade,
    ${withinWorkspace('command_id', 'commands', 'instructions_command')} on delete cascade);
  create index instructions_open on instructions (server_id) where received_at is null;
  create index instructions_by_command on instructions (command_id);

  create table command_output (
    workspace_id uuid not null constraint command_output_workspace references workspaces on delete cascade,
    command_id uuid not null,
    seq bigint not null,
    stream text not null constraint command_output_stream check (stream in ('STDOUT', 'STDERR')),
    -- bytes of both streams before this piece
    position bigint not null,
    data bytea not null,
    recorded_at timestamptz not null,
    primary key (command_id, seq),
    ${withinWorkspace('command_id', 'commands', 'command_output_command')} on delete cascade);
  create index command_output_position on command_output (command_id, position);
  alter table command_output alter column data set storage external;

  create table command_templates (
    id uuid primary key,
    workspace_id uuid not null constraint command_templates_workspace references workspaces on delete cascade,
    name text not null,
    description text not null default '',
    arguments jsonb not null,
    -- name and command as they were saved, values of the environment and all
    sealed_content bytea not null,
    created_by uuid not null,
    created_at timestamptz not null,
    updated_at timestamptz not null);
  create unique index command_templates_name on command_templates (workspace_id, lower(name));`;

/** Sweeps return (workspace, id) only; what is done about a row happens in its own workspace's transaction. */
const FUNCTIONS = `
  create function overdue_commands(at timestamptz, delivered_before timestamptz) returns table (workspace_id uuid, id uuid)
    language sql stable ${DEFINER} as $$
      select c.workspace_id, c.id from public.commands c
       where c.state = 'QUEUED' and c.expires_at <= at
          or c.state = 'DELIVERED' and c.expires_at <= delivered_before
          or c.state = 'RUNNING' and c.deadline_at <= at
       limit 1000 $$;

  -- Which of a replica's agents have something to be sent: new, or sent without confirmation before the given time.
  create function servers_with_due_instructions(server_ids uuid[], counters int[], at timestamptz, sent_before timestamptz)
    returns setof uuid language sql stable ${DEFINER} as $$
      select t.server_id from unnest(server_ids, counters) as t(server_id, counter)
        join public.servers s on s.id = t.server_id
       where exists (select from public.commands c
                      where c.workspace_id = s.workspace_id and c.server_id = t.server_id and c.state = 'QUEUED' and not c.held
                        and c.expires_at > at and (c.sent_counter is distinct from t.counter or c.sent_at < sent_before))
          or exists (select from public.instructions i where i.server_id = t.server_id and i.received_at is null
                        and i.expires_at > at and (i.sent_counter is distinct from t.counter or i.sent_at < sent_before)) $$;

  create function unfinished_runs() returns table (workspace_id uuid, id uuid)
    language sql stable ${DEFINER} as $$
      select r.workspace_id, r.id from public.command_runs r where r.state in ('RUNNING', 'STOPPING') limit 1000 $$;

  create function commands_older_than(at timestamptz) returns table (workspace_id uuid, id uuid)
    language sql stable ${DEFINER} as $$
      select c.workspace_id, c.id from public.commands c
       where c.finished_at < at and c.state not in ('QUEUED', 'DELIVERED', 'RUNNING') limit 1000 $$;`;

const GRANTS = `
  grant select, insert, update, delete on command_runs, commands, instructions, command_output, command_templates to ph_app;
  grant execute on function servers_with_due_instructions(uuid[], int[], timestamptz, timestamptz) to ph_app;
  grant execute on function overdue_commands(timestamptz, timestamptz), unfinished_runs(), commands_older_than(timestamptz) to ph_app, ph_jobs;`;
