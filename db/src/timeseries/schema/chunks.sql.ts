import { SINGLE_TABLES, tierTables, TIME_INDEXES, type Migration } from './tables.sql.js';
import { timeColumn } from './columns.js';
import { FAMILIES } from '../tiers.js';

/** TimescaleDB cuts by a fixed number of days, and the roll-ups need no calendar. */
const CHUNK_DAYS = { day: 1, month: 28, year: 364 } as const;

/**
 * Tiers that are stored in columns, and the age at which a chunk is: when late rows have become rare. The daily tiers
 * are small, and kept as rows.
 */
const COLUMNS_AFTER_DAYS: Readonly<Record<string, number>> = {
  host_sample: 1,
  host_1m: 2,
  host_1h: 35,
  host_part_sample: 1,
  host_part_1h: 35,
};

const TIER_TIMES = FAMILIES.flatMap((family) =>
  [family.raw, ...family.rollups].map((tier) => ({ tier, keys: family.keys, time: timeColumn(family, tier) })),
);

/** The same tables as with the plain driver, as hypertables. `extension` is the schema of TimescaleDB's functions. */
export function hypertableMigrations(extension: string): Migration[] {
  const hypertables = TIER_TIMES.map(
    ({ tier, time }) => `
      select ${extension}.create_hypertable('telemetry_raw.${tier.table}',
        ${extension}.by_range('${time}', interval '${CHUNK_DAYS[tier.partition]} days'), create_default_indexes => false);`,
  );
  const columnar = TIER_TIMES.filter(({ tier }) => tier.table in COLUMNS_AFTER_DAYS).map(
    ({ tier, keys, time }) => `
      alter table telemetry_raw.${tier.table} set (timescaledb.enable_columnstore,
        timescaledb.segmentby = '${keys.join(', ')}', timescaledb.orderby = '${time} desc');`,
  );
  return [
    {
      name: 'timescaledb-0001-hypertables',
      sql: [SINGLE_TABLES, tierTables(() => ''), TIME_INDEXES, ...hypertables, ...columnar].join('\n'),
    },
  ];
}

/**
 * Chunks come with their first row. `settle` puts one complete chunk into the column store, or puts back in order one
 * that late rows have opened; TimescaleDB's own policies would need an owner who may log in.
 */
export function chunkFunctions(extension: string): string {
  const ages = Object.entries(COLUMNS_AFTER_DAYS).map(([tier, days]) => `('${tier}', ${days})`);
  return `
    create function telemetry_logic.ensure_partitions(at timestamptz, anew boolean) returns void
      language sql set search_path = pg_catalog, pg_temp as '';

    create view telemetry_logic.partition as
      select t.name as tier, c.chunk_name as name, c.range_end as ends_at,
          format('%I.%I', c.chunk_schema, c.chunk_name)::regclass as chunk
        from telemetry_raw.tier t
        join timescaledb_information.chunks c on c.hypertable_schema = 'telemetry_raw' and c.hypertable_name = t.name;

    create function telemetry_logic.drop_before(tier text, before timestamptz) returns text[]
      language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
      begin
        return array(select ${extension}.drop_chunks(format('telemetry_raw.%I', tier)::regclass, older_than => before));
      exception when lock_not_available then return '{}'; -- a long reader is in one: the next run drops them
      end $$;

    create function telemetry_logic.is_open(chunk regclass) returns boolean
      language sql set search_path = pg_catalog, pg_temp as $$
        select not 'COMPRESSED' = any (state) or 'PARTIAL' = any (state)
          from coalesce(_timescaledb_functions.chunk_status_text(chunk), '{}') as state $$;

    create function telemetry_logic.settle(at timestamptz) returns boolean
      language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
      declare due regclass;
      begin
        select p.chunk into due
          from (values ${ages.join(', ')}) as a (tier, days) join telemetry_logic.partition p using (tier)
         where p.ends_at <= at - make_interval(days => a.days) and telemetry_logic.is_open(p.chunk)
         order by p.ends_at limit 1;
        if due is null then return true; end if;
        perform ${extension}.compress_chunk(due);
        return telemetry_logic.is_open(due); -- what would not be closed now must not be tried for ever
      exception when lock_not_available then return true; -- a long reader is in it: the next run takes it
      end $$;`;
}

/** A flush may touch the columns of a thousand servers, each a piece to be opened; the limit is there for mistakes. */
export function unlimitedOpening(): string {
  const functions = [
    'ingest_at',
    'purge_deleted',
    ...FAMILIES.flatMap(({ rollups }) => rollups.map(({ table }) => `reroll_${table}`)),
  ];
  return functions
    .map(
      (name) =>
        `alter function telemetry_logic.${name} set timescaledb.max_tuples_decompressed_per_dml_transaction = 0;`,
    )
    .join('\n');
}
