/** Which stream a piece of output belongs to; the number stands in the spool. */
export const STREAMS = ['STDOUT', 'STDERR'] as const;
export type StreamName = (typeof STREAMS)[number];

/** A place between two pieces: the last piece before it, and the bytes of each stream before it. */
export interface SpoolPosition {
  seq: number;
  stdoutBytes: number;
  stderrBytes: number;
}

export const SPOOL_START: SpoolPosition = { seq: 0, stdoutBytes: 0, stderrBytes: 0 };

/** One numbered piece of output, and the place it follows. */
export interface SpoolRecord {
  seq: number;
  stream: StreamName;
  before: SpoolPosition;
  data: Buffer;
}

/**
 * Header of a record: length of the data (4 bytes), stream (1), sequence number, bytes of stdout and of stderr before
 * it (6 each), big-endian. Both sums stand in every record so that a reader can tell the size of any gap.
 */
export const SPOOL_HEADER_BYTES = 23;
/** As much as one output frame carries. */
export const MAX_PIECE_BYTES = 64 * 1024;

const SEGMENT_NAME = /^(\d{15})\.spool$/;

export function segmentName(firstSeq: number): string {
  return `${String(firstSeq).padStart(15, '0')}.spool`;
}

/** Sequence number of the first record a segment's name promises; null for other files. */
export function firstSeqOf(name: string): number | null {
  const match = SEGMENT_NAME.exec(name);
  return match ? Number(match[1]) : null;
}

export function encodeSpoolHeader(record: Omit<SpoolRecord, 'data'>, dataBytes: number): Buffer {
  const header = Buffer.allocUnsafe(SPOOL_HEADER_BYTES);
  header.writeUInt32BE(dataBytes, 0);
  header.writeUInt8(STREAMS.indexOf(record.stream), 4);
  header.writeUIntBE(record.seq, 5, 6);
  header.writeUIntBE(record.before.stdoutBytes, 11, 6);
  header.writeUIntBE(record.before.stderrBytes, 17, 6);
  return header;
}

/** The record at the start of `bytes`; null while it is not whole, or when these bytes are no record. */
export function decodeSpoolRecord(bytes: Buffer): SpoolRecord | null {
  if (bytes.length < SPOOL_HEADER_BYTES) return null;
  const length = bytes.readUInt32BE(0);
  const stream = STREAMS[bytes.readUInt8(4)];
  const seq = bytes.readUIntBE(5, 6);
  if (length === 0 || length > MAX_PIECE_BYTES || !stream || seq === 0) return null;
  const end = SPOOL_HEADER_BYTES + length;
  if (bytes.length < end) return null;
  const before = { seq: seq - 1, stdoutBytes: bytes.readUIntBE(11, 6), stderrBytes: bytes.readUIntBE(17, 6) };
  return { seq, stream, before, data: bytes.subarray(SPOOL_HEADER_BYTES, end) };
}

/** The place after a record. */
export function positionAfter({ seq, stream, before, data }: SpoolRecord): SpoolPosition {
  return {
    seq,
    stdoutBytes: before.stdoutBytes + (stream === 'STDOUT' ? data.length : 0),
    stderrBytes: before.stderrBytes + (stream === 'STDERR' ? data.length : 0),
  };
}
