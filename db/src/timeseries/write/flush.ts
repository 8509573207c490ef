import type { Pool } from 'pg';
import { HOST_FIGURES, PART_FIGURES, UNITS, type Figure, type HostPartRow } from '../figures.js';
import { INGEST_PARAMETERS } from '../schema/ingest.sql.js';
import type { RefusalReason, RowRefusal, TelemetryBatch, WriteReport } from './batch.js';
import { numberArray, textArray } from './binary-array.js';
import { checkPart, checkSample, type CheckedRow } from './row.check.js';

/** Anything that runs one statement: a pool, or a client. */
export type Queryable = Pick<Pool, 'query'>;

interface Origin {
  batch: number;
  index: number;
}

/** The columns of one flush, in the order of `INGEST_PARAMETERS`, and where each row came from. */
export interface EncodedFlush {
  parameters: Buffer[];
  samples: Origin[];
  parts: Origin[];
  reports: WriteReport[];
}

/** The ordinals that PostgreSQL gives count from 1. */
interface Untaken {
  subject: 'session' | 'sample' | 'part';
  ordinal: number;
  reason: string;
}

/** Server ids come as text, which the database casts: a wrong one is an error of its batch. */
export const parameterCasts = (first: number): string =>
  INGEST_PARAMETERS.map(({ type }, index) => `$${index + first}::${type === 'uuid[]' ? 'text[]::uuid[]' : type}`).join(
    ', ',
  );

const INGEST = {
  name: 'telemetry-ingest',
  text: `select subject, ordinal, reason from telemetry.ingest(${parameterCasts(1)})`,
};

/** Writes batches, of one epoch for each server, in one statement, which is one transaction. */
export async function writeBatches(database: Queryable, batches: readonly TelemetryBatch[]): Promise<WriteReport[]> {
  const flush = encodeFlush(batches);
  const { rows } = await database.query<Untaken>({ ...INGEST, values: flush.parameters });
  return reportOn(flush, rows);
}

export function encodeFlush(batches: readonly TelemetryBatch[]): EncodedFlush {
  const reports = batches.map((): WriteReport => ({ fenced: false, written: 0, refused: [] }));
  const samples: TakenRow[] = [];
  const parts: (TakenRow & { row: HostPartRow })[] = [];
  batches.forEach((batch, at) => {
    batch.samples.forEach((row, index) => {
      const checked = checkSample(row);
      if ('refused' in checked) reports[at]!.refused.push({ index, kind: 'sample', reason: checked.refused });
      else samples.push({ batch: at, index, checked });
    });
    batch.parts.forEach((row, index) => {
      const checked = checkPart(row);
      if ('refused' in checked) reports[at]!.refused.push({ index, kind: 'part', reason: checked.refused });
      else parts.push({ batch: at, index, checked, row });
    });
  });
  const parameters = [
    textArray(batches.map(({ serverId }) => serverId)),
    numberArray(
      'int4',
      batches.map(({ epoch }) => epoch.generation),
    ),
    numberArray(
      'int4',
      batches.map(({ epoch }) => epoch.counter),
    ),
    ...placeAndTime(samples),
    ...figureArrays(HOST_FIGURES, samples),
    ...placeAndTime(parts),
    textArray(parts.map(({ row }) => row.kind)),
    textArray(parts.map(({ row }) => row.name)),
    ...figureArrays(PART_FIGURES, parts),
  ];
  return { parameters, samples, parts, reports };
}

interface TakenRow extends Origin {
  checked: CheckedRow;
}

const placeAndTime = (rows: readonly TakenRow[]): Buffer[] => [
  numberArray(
    'int4',
    rows.map(({ batch }) => batch + 1),
  ),
  numberArray(
    'float8',
    rows.map(({ checked }) => checked.seconds),
  ),
];

const figureArrays = (figures: readonly Figure[], rows: readonly TakenRow[]): Buffer[] =>
  figures.map(({ unit }, column) => {
    const values = rows.map(({ checked }) => checked.values[column]!);
    return numberArray(UNITS[unit].sqlType, values);
  });

export function reportOn(flush: EncodedFlush, untaken: readonly Untaken[]): WriteReport[] {
  const { samples, parts, reports } = flush;
  for (const { batch } of [...samples, ...parts]) reports[batch]!.written += 1;
  for (const { subject, ordinal, reason } of untaken) {
    if (subject === 'session') {
      Object.assign(reports[ordinal - 1]!, { fenced: true, written: 0, refused: [] });
      continue;
    }
    const { batch, index } = (subject === 'sample' ? samples : parts)[ordinal - 1]!;
    const refusal: RowRefusal = { index, kind: subject, reason: reason as RefusalReason };
    reports[batch]!.written -= 1;
    reports[batch]!.refused.push(refusal);
  }
  return reports;
}
