import { columnOf } from '../figures.js';
import { bin, timeColumn } from '../schema/columns.js';
import type { Family } from '../tiers.js';
import type { Resolution } from './resolution.js';

/**
 * A statement that gives, for each key and point, `<figure>_avg` and `<figure>_max`. Its parameters are the server keys,
 * the start, the end and, for parts, the part ids.
 */
export function seriesQuery(family: Family, { tier, stepSeconds }: Resolution, figures: readonly string[]): string {
  const time = timeColumn(family, tier);
  const values = figures.flatMap((figure) => {
    const column = columnOf(figure);
    return tier === family.raw
      ? [`avg(${column}::float8) as "${figure}_avg"`, `max(${column})::float8 as "${figure}_max"`]
      : [
          `sum(${column}_avg::float8 * n) / sum(n) filter (where ${column}_avg is not null) as "${figure}_avg"`,
          `max(${column}_max)::float8 as "${figure}_max"`,
        ];
  });
  const keys = family.keys.join(', ');
  return `
    select ${keys}, extract(epoch from ${bin(stepSeconds, time)})::float8 as point, ${values.join(', ')}
      from telemetry.${tier.table}
     where server_id = any ($1::int4[]) and ${time} >= $2::timestamptz and ${time} < $3::timestamptz
       ${family.keys.includes('part_id') ? 'and part_id = any ($4::int4[])' : ''}
     group by ${keys}, point`;
}
