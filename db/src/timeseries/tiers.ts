import { HOST_FIGURES, PART_FIGURES, type Figure } from './figures.js';

/** One table of history: raw samples, or averages and maxima over buckets of `widthSeconds`. */
export interface Tier {
  readonly table: string;
  readonly widthSeconds: number;
  /** One partition for each of these; retention drops whole partitions. */
  readonly partition: 'day' | 'month' | 'year';
  /** Null: for ever. */
  readonly keepDays: number | null;
  readonly minKeepDays: number;
  /** Null: no upper bound, and `keepDays` may be null. */
  readonly maxKeepDays: number | null;
}

/**
 * Samples of one shape with their roll-ups, finest first; each roll-up is made from the tier before it.
 *
 * A row older than `lateAfterSeconds` when it is written is noted and its buckets are computed again; a bucket is
 * first computed `closeAfterSeconds` after its end. Between the two lies more than a writer's longest transaction
 * (`WRITE_TIMEOUT_SECONDS`), so that a row is either seen by the first computation or noted.
 */
export interface Family {
  readonly name: string;
  readonly figures: readonly Figure[];
  readonly keys: readonly string[];
  readonly raw: Tier;
  readonly rollups: readonly Tier[];
  readonly dirtyTable: string;
  readonly lateAfterSeconds: number;
  readonly closeAfterSeconds: number;
  /**
   * Buckets are computed for so long a stretch at once, sorted by server: neighbours in time are then neighbours on disk,
   * and a chart reads a fraction of the pages. Until then readers compute the newest ones from the samples.
   */
  readonly rollEverySeconds: number;
}

export const WRITE_TIMEOUT_SECONDS = 20;
export const MAX_FUTURE_SECONDS = 60;

/** A Monday, so that buckets of a week start on one. Every bucket of every driver counts from here. */
export const BUCKET_ORIGIN = '2000-01-03T00:00:00Z';

export const HOST: Family = {
  name: 'host',
  figures: HOST_FIGURES,
  keys: ['server_id'],
  raw: {
    table: 'host_sample',
    widthSeconds: 10,
    partition: 'day',
    keepDays: 7,
    minKeepDays: 7, // an agent may come back with a week of samples, and all its buckets are computed from these rows
    maxKeepDays: 30,
  },
  rollups: [
    { table: 'host_1m', widthSeconds: 60, partition: 'day', keepDays: 30, minKeepDays: 7, maxKeepDays: 90 },
    { table: 'host_1h', widthSeconds: 3600, partition: 'month', keepDays: 400, minKeepDays: 30, maxKeepDays: 3650 },
    { table: 'host_1d', widthSeconds: 86_400, partition: 'year', keepDays: null, minKeepDays: 400, maxKeepDays: null },
  ],
  dirtyTable: 'host_dirty',
  lateAfterSeconds: 30,
  closeAfterSeconds: 60,
  rollEverySeconds: 600,
};

/** Parts are sampled once a minute and cut to it: their raw rows are the 1 min tier. */
export const PART: Family = {
  name: 'part',
  figures: PART_FIGURES,
  keys: ['server_id', 'part_id'],
  raw: {
    table: 'host_part_sample',
    widthSeconds: 60,
    partition: 'day',
    keepDays: 7,
    minKeepDays: 2,
    maxKeepDays: 30,
  },
  rollups: [
    {
      table: 'host_part_1h',
      widthSeconds: 3600,
      partition: 'month',
      keepDays: 400,
      minKeepDays: 30,
      maxKeepDays: 3650,
    },
    // finite, so that parts that vanished are forgotten at last, with their names
    {
      table: 'host_part_1d',
      widthSeconds: 86_400,
      partition: 'year',
      keepDays: 1200,
      minKeepDays: 400,
      maxKeepDays: 3650,
    },
  ],
  dirtyTable: 'host_part_dirty',
  lateAfterSeconds: 300, // a time cut to the minute is up to 60 s old when it is new
  closeAfterSeconds: 360,
  rollEverySeconds: 3600,
};

export const FAMILIES = [HOST, PART] as const;
export const TIERS: readonly Tier[] = FAMILIES.flatMap((family) => [family.raw, ...family.rollups]);

/** Distinct parts of one kind of one server that may be alive at once. */
export const MAX_PARTS_PER_KIND = 64;
/** A part not seen for so long frees its place. */
export const PART_LIFE_DAYS = 7;
export const MAX_PART_NAME_BYTES = 128;
