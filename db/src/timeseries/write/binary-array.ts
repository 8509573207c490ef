/**
 * PostgreSQL arrays in their binary form: half the work of text on both sides, and nothing to quote.
 *
 * Layout (array_recv): dimensions, whether there are nulls, element type, length, lower bound, then each element after
 * its length, -1 for null. All numbers are big-endian.
 */
const HEADER_BYTES = 20;

/** Fixed-size element types: object id in pg_type, size, and how a value is put. */
const NUMBERS = {
  int4: { oid: 23, bytes: 4, put: (target: Buffer, value: number, at: number) => target.writeInt32BE(value, at) },
  real: { oid: 700, bytes: 4, put: (target: Buffer, value: number, at: number) => target.writeFloatBE(value, at) },
  float8: { oid: 701, bytes: 8, put: (target: Buffer, value: number, at: number) => target.writeDoubleBE(value, at) },
} as const;

const TEXT_OID = 25;

export type NumberType = keyof typeof NUMBERS;

export function numberArray(type: NumberType, values: readonly (number | null)[]): Buffer {
  const { oid, bytes, put } = NUMBERS[type];
  const target = Buffer.allocUnsafe(HEADER_BYTES + values.length * (4 + bytes));
  let at = writeHeader(target, { oid, length: values.length, nulls: values.includes(null) });
  for (const value of values) {
    at = target.writeInt32BE(value === null ? -1 : bytes, at);
    if (value !== null) at = put(target, value, at);
  }
  return target.subarray(0, at);
}

export function textArray(values: readonly string[]): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  writeHeader(header, { oid: TEXT_OID, length: values.length, nulls: false });
  const elements = values.flatMap((value) => {
    const text = Buffer.from(value);
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(text.length);
    return [length, text];
  });
  return Buffer.concat([header, ...elements]);
}

function writeHeader(target: Buffer, { oid, length, nulls }: { oid: number; length: number; nulls: boolean }): number {
  [1, nulls ? 1 : 0, oid, length, 1].forEach((field, index) => target.writeInt32BE(field, index * 4));
  return HEADER_BYTES;
}
