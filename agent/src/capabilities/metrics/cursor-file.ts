import { open, readFile, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

const NUMBER_BYTES = 8;

/**
 * One number that survives kill -9, overwritten in place: eight bytes and their CRC-32. When it is lost or torn, what
 * it would have spared is done again.
 */
export class CursorFile {
  private handle: FileHandle | null = null;

  constructor(private readonly path: string) {}

  async read(): Promise<number | null> {
    const bytes = await readFile(this.path).catch(() => Buffer.alloc(0));
    if (bytes.length !== NUMBER_BYTES + 4) return null;
    const number = bytes.subarray(0, NUMBER_BYTES);
    return crc32(number) === bytes.readUInt32BE(NUMBER_BYTES) ? Number(number.readBigUInt64BE()) : null;
  }

  async write(value: number): Promise<void> {
    const bytes = Buffer.alloc(NUMBER_BYTES + 4);
    bytes.writeBigUInt64BE(BigInt(value));
    bytes.writeUInt32BE(crc32(bytes.subarray(0, NUMBER_BYTES)), NUMBER_BYTES);
    try {
      this.handle ??= await open(this.path, 'w', 0o600);
      await this.handle.write(bytes, 0, bytes.length, 0);
    } catch {
      // A full disk: records that were delivered are sent again after a restart, and the control plane knows them.
    }
  }

  async close(): Promise<void> {
    await this.handle?.close();
    this.handle = null;
  }
}
