import { FAMILIES, type Family, type Tier } from '../tiers.js';
import { aggregates, bin, columnsOf, rollupColumns, sourceOf, timeColumn } from './columns.js';

/**
 * Each roll-up has a view (buckets below the watermark from its table, later ones computed as they are read) and two
 * functions: `roll_<tier>(from, to)` computes the buckets of a span, `reroll_<tier>(servers, from[], to[])` those that
 * late rows touched. Both replace what was there, so that either may be run again.
 */
export function rollups(): string {
  return FAMILIES.flatMap((family) =>
    family.rollups.map((tier) => [view(family, tier), roll(family, tier), reroll(family, tier)].join('\n')),
  ).join('\n');
}

const watermarkOf = (tier: Tier): string => `(select watermark from telemetry_raw.tier where name = '${tier.table}')`;

/** The finer tier as seen by a reader: samples are complete as they are, a roll-up only through its view. */
const liveSource = (family: Family, source: Tier): string =>
  source === family.raw ? `telemetry_raw.${source.table}` : `telemetry_logic.${source.table}`;

const bucketKeys = (family: Family, tier: Tier, source: Tier): string =>
  [bin(tier.widthSeconds, `s.${timeColumn(family, source)}`), ...family.keys.map((key) => `s.${key}`)].join(', ');

const groups = (family: Family): string => [1, ...family.keys.map((_, index) => index + 2)].join(', ');

function view(family: Family, tier: Tier): string {
  const source = sourceOf(family, tier);
  return `
    create view telemetry_logic.${tier.table} (${columnsOf(family, tier).join(', ')}) as
      select ${columnsOf(family, tier).join(', ')} from telemetry_raw.${tier.table}
       where bucket < ${watermarkOf(tier)}
      union all
      select ${bucketKeys(family, tier, source)}, ${aggregates(family, source)}
        from ${liveSource(family, source)} s
       where s.${timeColumn(family, source)} >= ${watermarkOf(tier)}
       group by ${groups(family)};`;
}

function insertBuckets(family: Family, tier: Tier, rows: string): string {
  const source = sourceOf(family, tier);
  const replaced = rollupColumns(family.figures).map((column) => `${column} = excluded.${column}`);
  return `
      insert into telemetry_raw.${tier.table} (${columnsOf(family, tier).join(', ')})
      select ${bucketKeys(family, tier, source)}, ${aggregates(family, source)}
        from ${rows}
       group by ${groups(family)}
       order by ${family.keys.map((_, index) => index + 2).join(', ')}, 1
      on conflict (${[...family.keys, 'bucket'].join(', ')}) do update set ${replaced.join(', ')};`;
}

function roll(family: Family, tier: Tier): string {
  const source = sourceOf(family, tier);
  const time = `s.${timeColumn(family, source)}`;
  const rows = `telemetry_raw.${source.table} s where ${time} >= low and ${time} < high`;
  return `
    create function telemetry_logic.roll_${tier.table}(low timestamptz, high timestamptz) returns void
      language plpgsql set search_path = pg_catalog, pg_temp as $$
      begin ${insertBuckets(family, tier, rows)}
      end $$;`;
}

function reroll(family: Family, tier: Tier): string {
  const source = sourceOf(family, tier);
  const time = `s.${timeColumn(family, source)}`;
  const width = `interval '${tier.widthSeconds} seconds'`;
  const rows = `unnest(servers, lows, highs) as d (server_id, low, high)
        join telemetry_raw.${source.table} s on s.server_id = d.server_id
         and ${time} >= ${bin(tier.widthSeconds, 'd.low')} and ${time} < ${bin(tier.widthSeconds, 'd.high')} + ${width}
       where ${time} < ${watermarkOf(tier)}`;
  return `
    create function telemetry_logic.reroll_${tier.table}(servers int4[], lows timestamptz[], highs timestamptz[])
      returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
      begin ${insertBuckets(family, tier, rows)}
      end $$;`;
}
