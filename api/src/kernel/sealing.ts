import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Where a sealed value stands. It opens nowhere else: moved to another workspace, row, column or version it is worthless. */
export interface SealedPlace {
  /** Null for what belongs to a person and to no workspace. */
  workspaceId: string | null;
  table: string;
  column: string;
  row: string;
  version: number;
}

const DATA_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const WRAPPED_BYTES = NONCE_BYTES + DATA_KEY_BYTES + TAG_BYTES;

/**
 * Seals secrets at rest: AES-256-GCM under a data key of its own for each record, which is wrapped by the installation's
 * sealing key (a 0400 file outside the database). Layout: wrapped data key, nonce, ciphertext, tag.
 */
export class SealingKey {
  private readonly wrappingKey: Buffer;

  constructor(key: Uint8Array) {
    if (key.length !== 32) throw new Error('The sealing key must be 32 bytes');
    this.wrappingKey = Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), 'pilothouse sealing v1', 32));
  }

  seal(plain: Uint8Array, place: SealedPlace): Buffer {
    const dataKey = randomBytes(DATA_KEY_BYTES);
    const bound = boundTo(place);
    return Buffer.concat([encrypt(this.wrappingKey, dataKey, bound), encrypt(dataKey, plain, bound)]);
  }

  /** @throws when the value was altered, moved or sealed under another key. */
  open(sealed: Uint8Array, place: SealedPlace): Buffer {
    const bound = boundTo(place);
    const dataKey = decrypt(this.wrappingKey, sealed.subarray(0, WRAPPED_BYTES), bound);
    return decrypt(dataKey, sealed.subarray(WRAPPED_BYTES), bound);
  }
}

function boundTo({ workspaceId, table, column, row, version }: SealedPlace): Buffer {
  return Buffer.from(JSON.stringify([workspaceId, table, column, row, version]));
}

function encrypt(key: Uint8Array, plain: Uint8Array, bound: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(bound);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Uint8Array, sealed: Uint8Array, bound: Uint8Array): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(bound);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}
