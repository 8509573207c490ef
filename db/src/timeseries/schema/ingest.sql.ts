import { columnOf, HOST_FIGURES, PART_FIGURES, type Figure } from '../figures.js';
import { HOST, MAX_FUTURE_SECONDS, MAX_PARTS_PER_KIND, PART, PART_LIFE_DAYS, type Family } from '../tiers.js';
import { bin, sampleColumns, sqlTypeOf } from './columns.js';

/** Parameters of `ingest` in their order, one array for each; the writer sends the same list. */
export const INGEST_PARAMETERS: readonly { name: string; type: string }[] = [
  { name: 'session_server', type: 'uuid[]' },
  { name: 'session_generation', type: 'int4[]' },
  { name: 'session_counter', type: 'int4[]' },
  { name: 'sample_session', type: 'int4[]' },
  { name: 'sample_seconds', type: 'float8[]' },
  ...figureParameters('sample', HOST_FIGURES),
  { name: 'part_session', type: 'int4[]' },
  { name: 'part_seconds', type: 'float8[]' },
  { name: 'part_kind', type: 'text[]' },
  { name: 'part_name', type: 'text[]' },
  ...figureParameters('part', PART_FIGURES),
];

function figureParameters(prefix: string, figures: readonly Figure[]): { name: string; type: string }[] {
  return figures.map((figure) => ({ name: `${prefix}_${columnOf(figure.name)}`, type: `${sqlTypeOf(figure)}[]` }));
}

const parameterList = INGEST_PARAMETERS.map(({ name, type }) => `${name} ${type}`).join(', ');

/**
 * `ingest` writes one flush: the batches of several agent sessions at once. It holds the sessions whose epoch is
 * current, leaves out the others, judges times by the database's clock, and returns what it did not take.
 */
export function ingestion(): string {
  return `
    ${admitParts()}

    create function telemetry_logic.ingest_at(at timestamptz, ${parameterList})
      returns table (subject text, ordinal int4, reason text)
      language plpgsql set search_path = pg_catalog, pg_temp as $$
      #variable_conflict use_column
      declare keys int4[]; oldest timestamptz;
      begin
        perform telemetry_logic.ensure_partitions(at, false);
        select array_agg(h.metric_key order by s.ordinal) into keys
          from unnest(session_server) with ordinality as s (server_id, ordinal)
          left join (
            select distinct server_id, metric_key
              from public.agent_session_hold(session_server, session_generation, session_counter)) h using (server_id);
        return query select 'session', k.ordinal::int4, 'FENCED'
          from unnest(keys) with ordinality as k (key, ordinal) where k.key is null;
        if cardinality(sample_session) > 0 then
          ${oldestOf(HOST)}
          return query
            select 'sample', i.ordinal::int4, ${refusal}
              from unnest(sample_session, sample_seconds) with ordinality as i (session, seconds, ordinal)
             where keys[i.session] is not null and not ${inTime} order by i.ordinal;
          ${optimistic(storeSamples)}
        end if;
        if cardinality(part_session) > 0 then
          ${oldestOf(PART)}
          perform telemetry_logic.admit_parts(at, array_agg(keys[i.session]), array_agg(i.kind), array_agg(i.name))
            from unnest(part_session, part_seconds, part_kind, part_name) as i (session, seconds, kind, name)
           where keys[i.session] is not null and ${inTime};
          return query
            select 'part', i.ordinal::int4, coalesce(${refusal}, 'TOO_MANY_PARTS')
              from unnest(part_session, part_seconds, part_kind, part_name) with ordinality
                as i (session, seconds, kind, name, ordinal)
              left join telemetry_raw.part p on ${LIVING_PART}
             where keys[i.session] is not null and (not ${inTime} or p.id is null) order by i.ordinal;
          ${optimistic(storeParts)}
        end if;
      end $$;`;
}

/** The same under the clock of the database, for the writer's role. */
export const INGEST_FACE = `
    create function telemetry.ingest(${parameterList})
      returns table (subject text, ordinal int4, reason text)
      language sql security definer set search_path = pg_catalog, pg_temp as $$
        select * from telemetry_logic.ingest_at(now(), ${INGEST_PARAMETERS.map((_, index) => `$${index + 1}`).join(', ')}) $$;`;

const oldestOf = (family: Family): string =>
  `oldest := at - make_interval(days => (select keep_days from telemetry_raw.tier where name = '${family.raw.table}'));`;

const inTime = `(to_timestamp(i.seconds) between oldest and at + interval '${MAX_FUTURE_SECONDS} seconds')`;

const refusal = `case when to_timestamp(i.seconds) < oldest then 'TOO_OLD' when not ${inTime} then 'IN_FUTURE' end`;

const LIVING_PART = `p.server_id = keys[i.session] and p.kind = i.kind and p.name = i.name
                and p.last_seen_at > at - interval '${PART_LIFE_DAYS} days'`;

/** Notes the span that late rows touched, for each server and day, to be rolled up again. */
const noteLate = (family: Family): string => `
            insert into telemetry_raw.${family.dirtyTable} (server_id, t0, t1)
            select server_id, min(time), max(time) from taken
             where time < at - interval '${family.lateAfterSeconds} seconds'
             group by server_id, ${bin(86_400, 'time')}`;

/** `on conflict` doubles the cost of an insert, so it is for replays only: a row that is there already starts over with it. */
const optimistic = (store: (onConflict: string) => string): string => `
          begin ${store('')}
          exception when unique_violation then ${store('on conflict do nothing')}
          end;`;

/** Arrays of one length as rows. In the list of columns they are read side by side, in FROM each would be stored first. */
const rowsOf = (prefix: string, columns: readonly string[]): string =>
  `(select ${columns.map((column) => `unnest(${prefix}_${column}) as ${column}`).join(', ')})`;

function storeSamples(onConflict: string): string {
  const columns = sampleColumns(HOST_FIGURES);
  const list = columns.join(', ');
  return `
            with taken as materialized (
              select keys[i.session] as server_id, ${bin(HOST.raw.widthSeconds, 'to_timestamp(i.seconds)')} as time, ${list}
                from ${rowsOf('sample', ['session', 'seconds', ...columns])} as i
               where keys[i.session] is not null and ${inTime}
            ), latest as (
              insert into telemetry_raw.server_latest as l (time, server_id, ${list})
              select distinct on (server_id) time, server_id, ${list} from taken
               order by server_id, time desc
              on conflict (server_id) do update
                set time = excluded.time, ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}
                where excluded.time > l.time
            ), late as (${noteLate(HOST)}
            )
            insert into telemetry_raw.${HOST.raw.table} (time, server_id, ${list})
            select time, server_id, ${list} from taken ${onConflict};`;
}

function storeParts(onConflict: string): string {
  const columns = sampleColumns(PART_FIGURES);
  const list = columns.join(', ');
  return `
            with taken as materialized (
              select p.server_id, p.id as part_id, ${bin(PART.raw.widthSeconds, 'to_timestamp(i.seconds)')} as time,
                ${columns.map((column) => `i.${column}`).join(', ')}
                from ${rowsOf('part', ['session', 'seconds', 'kind', 'name', ...columns])} as i
                join telemetry_raw.part p on ${LIVING_PART}
               where ${inTime}
            ), late as (${noteLate(PART)}
            )
            insert into telemetry_raw.${PART.raw.table} (time, server_id, part_id, ${list})
            select time, server_id, part_id, ${list} from taken ${onConflict};`;
}

/**
 * Gives parts that are new, or come back after their life, a place among the server's parts of that kind, as long as
 * there is one. The lock makes two connections of one server count one after the other; it is taken for new parts only.
 */
function admitParts(): string {
  return `
    create function telemetry_logic.admit_parts(at timestamptz, servers int4[], kinds text[], names text[]) returns void
      language plpgsql set search_path = pg_catalog, pg_temp as $$
      declare alive_since timestamptz := at - interval '${PART_LIFE_DAYS} days'; newcomers int4[];
      begin
        with wanted as (
          select distinct server_id, kind, name from unnest(servers, kinds, names) as w (server_id, kind, name)
        ), touched as (
          update telemetry_raw.part p set last_seen_at = at from wanted w
           where p.server_id = w.server_id and p.kind = w.kind and p.name = w.name
             and p.last_seen_at > alive_since and p.last_seen_at < at - interval '6 hours'
        )
        select array_agg(distinct w.server_id order by w.server_id) into newcomers
          from wanted w left join telemetry_raw.part p
            on p.server_id = w.server_id and p.kind = w.kind and p.name = w.name and p.last_seen_at > alive_since
         where p.id is null;
        if newcomers is null then return; end if;
        perform pg_advisory_xact_lock(hashtextextended('telemetry_logic.part', n)) from unnest(newcomers) as n;
        insert into telemetry_raw.part as p (server_id, kind, name, last_seen_at)
        select c.server_id, c.kind, c.name, at
          from (
            select w.server_id, w.kind, w.name, row_number() over (partition by w.server_id, w.kind order by min(w.ordinal)) as place
              from unnest(servers, kinds, names) with ordinality as w (server_id, kind, name, ordinal)
             where not exists (select from telemetry_raw.part k where k.server_id = w.server_id and k.kind = w.kind
                                  and k.name = w.name and k.last_seen_at > alive_since)
             group by w.server_id, w.kind, w.name
          ) c
         where c.place + (select count(*) from telemetry_raw.part k where k.server_id = c.server_id and k.kind = c.kind
                             and k.last_seen_at > alive_since) <= ${MAX_PARTS_PER_KIND}
        on conflict (server_id, kind, name) do update set last_seen_at = excluded.last_seen_at;
      end $$;`;
}
