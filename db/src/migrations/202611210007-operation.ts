import type { MigrationInterface, QueryRunner } from 'typeorm';
import { DEFINER } from './tenancy.js';

/** What whoever operates the installation may know of it without being anybody in it: figures, and nothing else. */
export class Operation2026112100070 implements MigrationInterface {
  name = 'Operation2026112100070';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function has_migration(wanted text) returns boolean language sql stable ${DEFINER} as $$
        select exists (select from public.migrations m where m.name = wanted) $$;

      create function installation_figures(since timestamptz) returns table (figure text, state text, count bigint)
        language sql stable ${DEFINER} as $$
          select 'commands', c.state, pg_catalog.count(*) from public.commands c
           where c.state in ('QUEUED', 'DELIVERED', 'RUNNING') group by c.state
          union all
          select 'commands ended', c.state, pg_catalog.count(*) from public.commands c
           where c.finished_at > since group by c.state
          union all
          select 'instructions', '', pg_catalog.count(*) from public.instructions i where i.received_at is null
          union all
          select 'agents', '', pg_catalog.count(*) from public.agent_sessions s
           where s.connected_at is not null and s.disconnected_at is null $$;

      grant execute on function has_migration(text), installation_figures(timestamptz) to ph_app;`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function has_migration(text), installation_figures(timestamptz)');
  }
}
