import type { MigrationInterface, QueryRunner } from 'typeorm';
import type { RetainedTable } from '../retention-days.js';
import { DEFINER, refuseYoung } from './tenancy.js';

export class Retention2026112100060 implements MigrationInterface {
  name = 'Retention2026112100060';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`drop function commands_older_than(timestamptz)`);
    await runner.query(`create index commands_finished on commands (finished_at) where finished_at is not null`);
    await runner.query(TABLES.map(pruning).join('\n'));
    await runner.query(DELETED_METRIC_KEYS);
  }

  async down(runner: QueryRunner): Promise<void> {
    const functions = TABLES.map((table) => `prune_${table}(timestamptz, int)`);
    await runner.query(`drop function deleted_metric_keys(), ${functions.join(', ')}; drop index commands_finished;`);
    await runner.query(COMMANDS_OLDER_THAN);
  }
}

/** Which rows of a table have been of no use since before a given time. What refers to them goes with them. */
const OLD_ROWS = {
  commands: `t.finished_at < before and t.state not in ('QUEUED', 'DELIVERED', 'RUNNING')`,
  command_runs: `t.finished_at < before and not exists (select from public.commands c where c.run_id = t.id)`,
  instructions: `t.expires_at < before`,
  agent_connections: `t.disconnected_at < before`,
  alerts: `t.acknowledged_at < before`,
  enrolment_tokens: `least(t.used_at, t.revoked_at, t.expires_at) < before`,
  invitations: `least(t.accepted_at, t.revoked_at, t.expires_at) < before`,
  api_tokens: `least(t.revoked_at, t.expires_at) < before`,
  sessions: `least(t.revoked_at, t.expires_at) < before`,
  revocations: `t.at < before`,
} satisfies Partial<Record<RetainedTable, string>>;
const TABLES = Object.keys(OLD_ROWS) as (keyof typeof OLD_ROWS)[];

/** Removes some at a time, so that no transaction is long; those that somebody holds wait for the next time. */
function pruning(table: keyof typeof OLD_ROWS): string {
  const isOld = OLD_ROWS[table];
  return `
    create function prune_${table}(before timestamptz, at_most int) returns bigint language plpgsql ${DEFINER} as $$
      declare removed bigint;
      begin
        ${refuseYoung(table)}
        delete from public.${table} where ctid = any (array(
          select t.ctid from public.${table} t where ${isOld} limit at_most for update of t skip locked));
        get diagnostics removed = row_count;
        return removed;
      end $$;
    grant execute on function prune_${table}(timestamptz, int) to ph_jobs;`;
}

/** Whose telemetry is to go. What their agents were just publishing when they were deleted has long been refused. */
const DELETED_METRIC_KEYS = `
  create function deleted_metric_keys() returns setof int language sql stable ${DEFINER} as $$
    select s.metric_key from public.servers s where s.deleted_at < pg_catalog.now() - interval '1 hour' $$;
  grant execute on function deleted_metric_keys() to ph_telemetry_owner;`;

/** As the migration that made it has it. */
const COMMANDS_OLDER_THAN = `
  create function commands_older_than(at timestamptz) returns table (workspace_id uuid, id uuid)
    language sql stable ${DEFINER} as $$
      select c.workspace_id, c.id from public.commands c
       where c.finished_at < at and c.state not in ('QUEUED', 'DELIVERED', 'RUNNING') limit 1000 $$;
  grant execute on function commands_older_than(timestamptz) to ph_app, ph_jobs;`;
