import { crc32 } from 'node:zlib';

/** Length and CRC-32 of the payload, each an unsigned 32-bit big-endian number, before every record. */
export const RECORD_HEADER_BYTES = 8;
/** No record is longer; a greater length in a header is damage. */
export const MAX_RECORD_BYTES = 4 * 1024 * 1024;

/** One record as it stands in the file. */
export function encodeRecord(value: unknown): Buffer {
  const payload = Buffer.from(JSON.stringify(value));
  if (payload.length > MAX_RECORD_BYTES)
    throw new RangeError(`A journal record of ${payload.length} bytes is too long`);
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  header.writeUInt32BE(payload.length, 0);
  header.writeUInt32BE(crc32(payload), 4);
  return Buffer.concat([header, payload]);
}

export type DecodedRecord =
  | { kind: 'record'; value: unknown; end: number }
  /** The bytes stop before the record does. */
  | { kind: 'short' }
  /** These bytes are no record: a torn write, or damage. */
  | { kind: 'broken' };

/** Reads the record at `offset`. Never throws. */
export function decodeRecord(bytes: Buffer, offset: number): DecodedRecord {
  if (offset + RECORD_HEADER_BYTES > bytes.length) return { kind: 'short' };
  const length = bytes.readUInt32BE(offset);
  if (length === 0 || length > MAX_RECORD_BYTES) return { kind: 'broken' };
  const start = offset + RECORD_HEADER_BYTES;
  const end = start + length;
  if (end > bytes.length) return { kind: 'short' };
  const payload = bytes.subarray(start, end);
  if (crc32(payload) !== bytes.readUInt32BE(offset + 4)) return { kind: 'broken' };
  try {
    return { kind: 'record', value: JSON.parse(payload.toString('utf8')), end };
  } catch {
    // The sum was right but the text is not JSON: not written by encodeRecord.
    return { kind: 'broken' };
  }
}
