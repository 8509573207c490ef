import { FAMILIES, HOST, PART, type Family, type Tier } from '../tiers.js';
import { bin } from './columns.js';
import { purge } from './purge.sql.js';

/** Bounds of one run, so that a long backlog is worked off in transactions of seconds. */
const MAX_SPAN = '6 hours';
const MAX_LATE_SERVER_DAYS = 200;

/** One run of the store's housekeeping: at most one at a time, harmless to repeat, in one transaction. */
export function maintenance(): string {
  return `
    ${FAMILIES.map(rollFamily).join('\n')}
    ${FAMILIES.map(rerollFamily).join('\n')}

    create function telemetry_logic.maintain_at(at timestamptz)
      returns table (ran boolean, caught_up boolean, dropped text[])
      language plpgsql set search_path = pg_catalog, pg_temp as $$
      #variable_conflict use_column
      declare complete boolean := true; expired text[];
      begin
        if not pg_try_advisory_xact_lock(hashtextextended('telemetry_logic.maintain', 0)) then
          return query select false, false, '{}'::text[];
          return;
        end if;
        perform telemetry_logic.ensure_partitions(at, true);
        ${FAMILIES.map(
          ({ name }) => `
        complete := telemetry_logic.roll_${name}(at) and complete;
        complete := telemetry_logic.reroll_${name}() and complete;`,
        ).join('')}
        expired := telemetry_logic.drop_expired(at);
        complete := telemetry_logic.purge_deleted() and complete;
        complete := complete and telemetry_logic.settle(at);
        return query select true, complete, expired;
      end $$;

    ${dropExpired}
    ${purge()}`;
}

/**
 * Moves each tier's watermark as far as the tier before it is complete. True when nothing is left to do.
 *
 * One run takes one span that has samples; the empty ones before it cost nothing.
 */
function rollFamily(family: Family): string {
  const [first, ...others] = family.rollups;
  const closed = bin(family.rollEverySeconds, `at - interval '${family.closeAfterSeconds} seconds'`);
  return `
    create function telemetry_logic.roll_${family.name}(at timestamptz) returns boolean
      language plpgsql set search_path = pg_catalog, pg_temp as $$
      declare low timestamptz; high timestamptz; closed timestamptz := ${closed}; complete boolean;
      begin
        select watermark into low from telemetry_raw.tier where name = '${first!.table}';
        high := least(closed, low + interval '${MAX_SPAN}');
        while high < closed and not exists (
          select from telemetry_raw.${family.raw.table} where time >= low and time < high) loop
          high := least(closed, high + interval '${MAX_SPAN}');
        end loop;
        complete := high >= closed;
        ${rollTo(first!, 'high')}
        ${others.map((tier) => rollTo(tier, bin(tier.widthSeconds, 'high'))).join('')}
        return complete;
      end $$;`;
}

/** Leaves the tier's watermark in `high`, for the tier above. */
const rollTo = (tier: Tier, end: string): string => `
        select watermark into low from telemetry_raw.tier where name = '${tier.table}';
        high := greatest(low, ${end});
        if high > low then
          perform telemetry_logic.roll_${tier.table}(low, high);
          update telemetry_raw.tier set watermark = high where name = '${tier.table}';
        end if;`;

/** Computes again what late rows touched, whole days of a server at a time. True when no late row is left. */
function rerollFamily(family: Family): string {
  return `
    create function telemetry_logic.reroll_${family.name}() returns boolean
      language plpgsql set search_path = pg_catalog, pg_temp as $$
      declare servers int4[]; lows timestamptz[]; highs timestamptz[];
      begin
        with due as (
          select server_id, ${bin(86_400, 't0')} as day from telemetry_raw.${family.dirtyTable}
           group by 1, 2 limit ${MAX_LATE_SERVER_DAYS}
        ), taken as (
          delete from telemetry_raw.${family.dirtyTable} d using due
           where d.server_id = due.server_id and ${bin(86_400, 'd.t0')} = due.day
          returning d.server_id, due.day, d.t0, d.t1
        ), spans as (
          select server_id, min(t0) as low, max(t1) as high from taken group by server_id, day
        )
        select array_agg(server_id), array_agg(low), array_agg(high) into servers, lows, highs from spans;
        if servers is null then return true; end if;
        ${family.rollups
          .map(({ table }) => `perform telemetry_logic.reroll_${table}(servers, lows, highs);`)
          .join('\n        ')}
        return not exists (select from telemetry_raw.${family.dirtyTable});
      end $$;`;
}

/** Retention takes only what the tier above has taken in and of which no late row waits to be counted again. */
const dropExpired = `
    create function telemetry_logic.drop_expired(at timestamptz) returns text[]
      language plpgsql set search_path = pg_catalog, pg_temp as $$
      declare expired record; dropped text[] := '{}';
      begin
        for expired in
          select t.name, least(
              at - make_interval(days => t.keep_days),
              coalesce(above.watermark, 'infinity'),
              case t.family when '${PART.name}' then (select min(t0) from telemetry_raw.${PART.dirtyTable})
                            else (select min(t0) from telemetry_raw.${HOST.dirtyTable}) end) as before
            from telemetry_raw.tier t
            left join telemetry_raw.tier above on above.name = t.feeds
           where t.keep_days is not null
        loop
          dropped := dropped || telemetry_logic.drop_before(expired.name, expired.before);
        end loop;
        delete from telemetry_raw.part where last_seen_at < at - make_interval(days => (
          select keep_days from telemetry_raw.tier where name = '${PART.rollups.at(-1)!.table}'));
        return dropped;
      end $$;`;
