import { crc32 } from 'node:zlib';

/** Length and CRC-32 of the payload, both unsigned 32-bit big-endian, stand before it. */
export const RECORD_HEADER_BYTES = 8;

export function frameRecord(payload: Uint8Array): Buffer {
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  header.writeUInt32BE(payload.length, 0);
  header.writeUInt32BE(crc32(payload), 4);
  return Buffer.concat([header, payload]);
}

export interface ReadRecords {
  payloads: Buffer[];
  /** Bytes up to the end of the last good record; what follows is torn or was never written. */
  validBytes: number;
}

/** Takes records apart until the end or the first one that is incomplete or altered. */
export function readRecords(bytes: Buffer): ReadRecords {
  const payloads: Buffer[] = [];
  let offset = 0;
  while (offset + RECORD_HEADER_BYTES <= bytes.length) {
    const start = offset + RECORD_HEADER_BYTES;
    const length = bytes.readUInt32BE(offset);
    // A hole that the file system left after a power cut reads as zeros; no record is empty.
    if (length === 0 || start + length > bytes.length) break;
    const payload = bytes.subarray(start, start + length);
    if (crc32(payload) !== bytes.readUInt32BE(offset + 4)) break;
    payloads.push(payload);
    offset = start + length;
  }
  return { payloads, validBytes: offset };
}
