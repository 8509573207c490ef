/**
 * Declarative partitions: made ahead of time, dropped by retention.
 *
 * A partition is made apart and attached, which blocks neither readers nor writers.
 */
export const PLAIN_PARTITIONS = `
    create function telemetry_logic.partition_end(partition name, step text) returns timestamptz
      language sql stable set search_path = pg_catalog, pg_temp as $$
        select (right(partition, 8)::date::timestamp + ('1 ' || step)::interval) at time zone 'UTC' $$;

    create function telemetry_logic.ensure_partitions(at timestamptz, anew boolean) returns void
      language plpgsql set search_path = pg_catalog, pg_temp as $$
      declare wanted record; step interval; low timestamp; child text; oldest timestamptz;
      begin
        if not anew and (select min(partitioned_until) from telemetry_raw.tier) > at + interval '1 day' then return; end if;
        perform pg_advisory_xact_lock(hashtextextended('telemetry_logic.ensure_partitions', 0));
        for wanted in select * from telemetry_raw.tier loop
          step := ('1 ' || wanted.partition_step)::interval;
          oldest := at - make_interval(days => (
            select r.keep_days from telemetry_raw.tier r where r.family = wanted.family and r.watermark is null));
          low := date_trunc(wanted.partition_step, oldest at time zone 'UTC');
          while low at time zone 'UTC' <= at + interval '2 days' loop
            child := wanted.name || '_p' || to_char(low, 'YYYYMMDD');
            if to_regclass('telemetry_raw.' || child) is null then
              execute format('create table telemetry_raw.%I (like telemetry_raw.%I including all)', child, wanted.name);
              execute format('alter table telemetry_raw.%I attach partition telemetry_raw.%I for values from (%L) to (%L)',
                wanted.name, child, low at time zone 'UTC', (low + step) at time zone 'UTC');
            end if;
            low := low + step;
          end loop;
          update telemetry_raw.tier set partitioned_until = low at time zone 'UTC' where name = wanted.name;
        end loop;
      end $$;

    create view telemetry_logic.partition as
      select t.name as tier, c.relname as name, telemetry_logic.partition_end(c.relname, t.partition_step) as ends_at
        from telemetry_raw.tier t
        join pg_inherits i on i.inhparent = to_regclass('telemetry_raw.' || t.name)
        join pg_class c on c.oid = i.inhrelid;

    create function telemetry_logic.drop_before(tier text, before timestamptz) returns text[]
      language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
      declare expired record; dropped text[] := '{}';
      begin
        for expired in
          select p.name from telemetry_logic.partition p
           where p.tier = drop_before.tier and p.ends_at <= before order by p.ends_at
        loop
          begin
            execute format('drop table telemetry_raw.%I', expired.name);
            dropped := dropped || expired.name::text;
          exception when lock_not_available then null; -- a long reader is in it: the next run drops it
          end;
        end loop;
        return dropped;
      end $$;

    create function telemetry_logic.settle(at timestamptz) returns boolean
      language sql set search_path = pg_catalog, pg_temp as $$ select true $$;`;
