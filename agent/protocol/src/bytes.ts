import { createHash } from 'node:crypto';

/**
 * Encodes a signature's input: the domain and every field, each behind its length as an unsigned 32-bit big-endian
 * number. No two different lists of fields give the same bytes.
 */
export function encodeFields(domain: string, fields: readonly (Uint8Array | string)[]): Buffer {
  const parts: Buffer[] = [];
  for (const field of [domain, ...fields]) {
    const bytes = typeof field === 'string' ? Buffer.from(field, 'utf8') : Buffer.from(field);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}

/** SHA-256, 32 bytes. */
export function sha256(bytes: Uint8Array | string): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** SHA-256 as 64 lower-case hexadecimal characters. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return sha256(bytes).toString('hex');
}
