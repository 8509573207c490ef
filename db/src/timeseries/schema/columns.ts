import { columnOf, UNITS, type Figure } from '../figures.js';
import { BUCKET_ORIGIN, type Family, type Tier } from '../tiers.js';

/** Pieces of SQL that follow from the table of figures. Nothing here comes from outside the program. */

export const sqlTypeOf = (figure: Figure): string => UNITS[figure.unit].sqlType;

export const sampleColumns = (figures: readonly Figure[]): string[] => figures.map(({ name }) => columnOf(name));

export const rollupColumns = (figures: readonly Figure[]): string[] => [
  'n',
  ...sampleColumns(figures).flatMap((column) => [`${column}_avg`, `${column}_max`]),
];

/** Start of the bucket of `widthSeconds` that holds `time`. */
export const bin = (widthSeconds: number, time: string): string =>
  `date_bin('${widthSeconds} seconds', ${time}, timestamptz '${BUCKET_ORIGIN}')`;

export const sourceOf = (family: Family, tier: Tier): Tier => {
  const index = family.rollups.indexOf(tier);
  return family.rollups[index - 1] ?? family.raw;
};

export const timeColumn = (family: Family, tier: Tier): string => (tier === family.raw ? 'time' : 'bucket');

export const columnsOf = (family: Family, tier: Tier): string[] => [
  timeColumn(family, tier),
  ...family.keys,
  ...(tier === family.raw ? sampleColumns(family.figures) : rollupColumns(family.figures)),
];

/** The figures of one bucket: from samples, or from finer buckets, weighted by how many samples each holds. */
export function aggregates(family: Family, source: Tier): string {
  const ofSamples = ({ name }: Figure): string => {
    const column = columnOf(name);
    return `avg(s.${column}::float8)::real, max(s.${column})`;
  };
  const ofBuckets = ({ name, nullable }: Figure): string => {
    const column = columnOf(name);
    const weight = nullable ? `sum(s.n) filter (where s.${column}_avg is not null)` : 'sum(s.n)';
    return `(sum(s.${column}_avg::float8 * s.n) / ${weight})::real, max(s.${column}_max)`;
  };
  return source === family.raw
    ? ['count(*)::int4', ...family.figures.map(ofSamples)].join(',\n    ')
    : ['sum(s.n)::int4', ...family.figures.map(ofBuckets)].join(',\n    ');
}
