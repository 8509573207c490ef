import { HOST_FIGURES } from '../figures.js';
import { FAMILIES } from '../tiers.js';
import { columnsOf, sampleColumns } from './columns.js';
import { INGEST_FACE } from './ingest.sql.js';

/**
 * Schema `telemetry`: the only thing other roles may use, the same with every driver.
 *
 * `visible_servers` runs as the owner of telemetry, who is subject to row-level security on `servers`: it sees those
 * of the workspace that the caller's transaction has set. `security_barrier` keeps a caller's own functions from being
 * run on rows before they are filtered.
 */
export function face(): string {
  const views = FAMILIES.flatMap((family) => [
    view(family.raw.table, columnsOf(family, family.raw), 'telemetry_raw'),
    ...family.rollups.map((tier) => view(tier.table, columnsOf(family, tier), 'telemetry_logic')),
  ]);
  return `
    create function telemetry.visible_servers() returns int4[]
      language sql stable security definer set search_path = pg_catalog, pg_temp as $$
        select coalesce(array_agg(metric_key), '{}') from public.servers $$;
    ${views.join('')}
    ${view('server_latest', ['time', 'server_id', ...sampleColumns(HOST_FIGURES)], 'telemetry_raw')}
    ${view('part', ['id', 'server_id', 'kind', 'name', 'last_seen_at'], 'telemetry_raw')}
    create view telemetry.retention as select name as tier, keep_days from telemetry_raw.tier;
    ${INGEST_FACE}
    create function telemetry.maintain() returns table (ran boolean, caught_up boolean, dropped text[])
      language sql security definer set search_path = pg_catalog, pg_temp as $$
        select * from telemetry_logic.maintain_at(now()) $$;

    revoke all on all functions in schema telemetry, telemetry_logic from public;
    grant usage on schema telemetry to ph_app, ph_jobs, ph_telemetry_writer;
    grant select on all tables in schema telemetry to ph_app;
    grant execute on function telemetry.visible_servers() to ph_app;
    grant execute on function telemetry.ingest to ph_telemetry_writer;
    grant execute on function telemetry.maintain() to ph_jobs;`;
}

const view = (name: string, columns: string[], schema: string): string => `
    create view telemetry.${name} with (security_barrier) as
      select ${columns.join(', ')} from ${schema}.${name}
       where server_id = any ((select telemetry.visible_servers())::int4[]);`;
