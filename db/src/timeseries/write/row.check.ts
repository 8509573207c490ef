import { HOST_FIGURES, PART_FIGURES, PART_KINDS, UNITS, type Figure } from '../figures.js';
import { MAX_PART_NAME_BYTES } from '../tiers.js';
import type { RefusalReason } from './batch.js';

type Row = Record<string, unknown>;

/** A row ready for its columns: seconds since 1970 and the figures in the order of their table, nulls among them. */
export interface CheckedRow {
  seconds: number;
  values: (number | null)[];
}

export type RowCheck = CheckedRow | { refused: RefusalReason };

/**
 * Below this a figure counts as zero: averages of numbers near the smallest that `real` can hold would underflow, which
 * PostgreSQL treats as an error, and one such sample would stop the roll-up of every server.
 */
const SMALLEST = 1e-6;

export function checkSample(row: object): RowCheck {
  return checkRow(row as Row, HOST_FIGURES);
}

export function checkPart(row: { kind: string; name: string }): RowCheck {
  if (!isPartName(row.name) || !(PART_KINDS as readonly string[]).includes(row.kind))
    return { refused: 'INVALID_PART' };
  return checkRow(row as unknown as Row, PART_FIGURES);
}

function isPartName(name: unknown): boolean {
  return (
    typeof name === 'string' && name !== '' && !name.includes('\0') && Buffer.byteLength(name) <= MAX_PART_NAME_BYTES
  );
}

function checkRow(row: Row, figures: readonly Figure[]): RowCheck {
  const seconds = Date.parse(row.time as string) / 1000;
  if (Number.isNaN(seconds)) return { refused: 'NOT_FINITE' };
  if (seconds < 0) return { refused: 'TOO_OLD' }; // also keeps out years that PostgreSQL cannot hold
  const values: (number | null)[] = [];
  for (const figure of figures) {
    const value = row[figure.name];
    if (value === null && figure.nullable) {
      values.push(null);
      continue;
    }
    if (typeof value !== 'number' || !Number.isFinite(value)) return { refused: 'NOT_FINITE' };
    const { max, sqlType } = UNITS[figure.unit];
    if (value < 0 || value > max) return { refused: 'OUT_OF_RANGE' };
    values.push(sqlType === 'int4' ? Math.round(value) : value < SMALLEST ? 0 : value);
  }
  return { seconds, values };
}
