import { FAMILIES, HOST, type Family } from '../tiers.js';
import { columnOf } from '../figures.js';
import { sqlTypeOf } from './columns.js';

/** What is kept: schema `telemetry_raw`. Each is run once and never edited after it landed. */
export interface Migration {
  name: string;
  sql: string;
}

/** The tables that no driver cuts into partitions. */
export const SINGLE_TABLES = `
      create table telemetry_raw.tier (
        name text primary key,
        family text not null,
        feeds text,
        partition_step text not null check (partition_step in ('day', 'month', 'year')),
        keep_days int,
        min_keep_days int not null,
        max_keep_days int,
        watermark timestamptz,
        partitioned_until timestamptz not null default '-infinity',
        constraint tier_keep_days check (
          keep_days >= min_keep_days and keep_days <= coalesce(max_keep_days, keep_days)
          or keep_days is null and max_keep_days is null));

      create table telemetry_raw.part (
        id int4 generated always as identity primary key,
        server_id int4 not null,
        kind text not null,
        name text not null,
        last_seen_at timestamptz not null,
        unique (server_id, kind, name));

      create table telemetry_raw.server_latest (
        time timestamptz not null,
        server_id int4 primary key) with (fillfactor = 50);

      create table telemetry_raw.host_dirty (server_id int4 not null, t0 timestamptz not null, t1 timestamptz not null);
      create table telemetry_raw.host_part_dirty (like telemetry_raw.host_dirty including all);`;

/** The table of each tier; `partitioning` is what follows the column list, given the column of time. */
export function tierTables(partitioning: (time: string) => string): string {
  return `
      create table telemetry_raw.host_sample (
        time timestamptz not null, server_id int4 not null,
        primary key (server_id, time))${partitioning('time')};
      create table telemetry_raw.host_part_sample (
        time timestamptz not null, server_id int4 not null, part_id int4 not null,
        primary key (server_id, part_id, time))${partitioning('time')};
      ${['host_1m', 'host_1h', 'host_1d']
        .map(
          (table) => `
      create table telemetry_raw.${table} (
        bucket timestamptz not null, server_id int4 not null, n int4 not null,
        primary key (server_id, bucket))${partitioning('bucket')};`,
        )
        .join('')}
      ${['host_part_1h', 'host_part_1d']
        .map(
          (table) => `
      create table telemetry_raw.${table} (
        bucket timestamptz not null, server_id int4 not null, part_id int4 not null, n int4 not null,
        primary key (server_id, part_id, bucket))${partitioning('bucket')};`,
        )
        .join('')}`;
}

/** For computing a span of time of all servers without reading the whole partition. */
export const TIME_INDEXES = `
      create index on telemetry_raw.host_sample using brin (time) with (pages_per_range = 32, autosummarize = on);
      create index on telemetry_raw.host_part_sample using brin (time) with (pages_per_range = 32, autosummarize = on);
      create index on telemetry_raw.host_1m using brin (bucket) with (pages_per_range = 32, autosummarize = on);
      create index on telemetry_raw.host_1h using brin (bucket) with (pages_per_range = 32, autosummarize = on);
      create index on telemetry_raw.host_part_1h using brin (bucket) with (pages_per_range = 32, autosummarize = on);`;

/** Gives every table the columns of its figures, and every tier its row; harmless where they are there. */
export function figureColumns(sampleKeepDays?: number): string {
  return FAMILIES.flatMap((family) => [
    addColumns(family.raw.table, family, ''),
    ...family.rollups.map(({ table }) => addColumns(table, family, 'rolled up')),
    tierRows(family, sampleKeepDays),
  ])
    .concat(addColumns('server_latest', HOST, ''))
    .join('\n');
}

function addColumns(table: string, { figures }: Family, kind: '' | 'rolled up'): string {
  const columns = figures.flatMap((figure) => {
    const column = columnOf(figure.name);
    return kind === ''
      ? [`${column} ${sqlTypeOf(figure)}`]
      : [`${column}_avg real`, `${column}_max ${sqlTypeOf(figure)}`];
  });
  return `alter table telemetry_raw.${table} ${columns.map((column) => `add column if not exists ${column}`).join(', ')};`;
}

function tierRows(family: Family, sampleKeepDays?: number): string {
  const tiers = [family.raw, ...family.rollups];
  const rows = tiers.map((tier, index) => {
    const feeds = tiers[index + 1]?.table;
    const watermark =
      index === 0 ? 'null' : `date_bin('${tier.widthSeconds} seconds', now(), timestamptz '2000-01-03Z')`;
    const keepDays = (tier === family.raw && sampleKeepDays) || tier.keepDays;
    return `('${tier.table}', '${family.name}', ${feeds ? `'${feeds}'` : 'null'}, '${tier.partition}',
      ${keepDays}, ${tier.minKeepDays}, ${tier.maxKeepDays}, ${watermark})`;
  });
  return `
    insert into telemetry_raw.tier (name, family, feeds, partition_step, keep_days, min_keep_days, max_keep_days, watermark)
    values ${rows.join(', ')}
    on conflict (name) do update set min_keep_days = excluded.min_keep_days, max_keep_days = excluded.max_keep_days;`;
}
