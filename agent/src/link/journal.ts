import { constants } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../kernel/durable-file.js';
import { decodeRecord, encodeRecord } from './journal-format.js';

const READ_CHUNK_BYTES = 1024 * 1024;
/** A journal smaller than this is not worth rewriting. */
const MIN_COMPACTION_BYTES = 1024 * 1024;

export interface JournalOptions {
  path: string;
  /** Asked of every record when the file is rewritten; what it declines is forgotten. */
  keep: (record: unknown) => boolean;
  /** Told, after opening, of bytes at the end that were no whole record: a write that a crash cut short. */
  onTornTail?: (bytes: number) => void;
  compactionBytes?: number;
}

interface Waiting {
  bytes: Buffer;
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * An append-only file of records that survives kill -9 and power cuts.
 *
 * `append` resolves once the record is on the disk; records that wait at the same time share one sync, and appear in
 * the file in the order in which they were appended. When a write fails, on a full disk say, the records of that write
 * are rejected and taken out of the file again, and the journal goes on working. The file is rewritten without what
 * `keep` declines once it has doubled since the last time.
 */
export class Journal {
  private waiting: Waiting[] = [];
  private working: Promise<void> | null = null;
  /** The file's content up to here is whole and synced. */
  private goodBytes = 0;
  private nextCompactionBytes: number;
  private damaged = false;

  private constructor(
    private readonly options: JournalOptions,
    private handle: FileHandle,
  ) {
    this.nextCompactionBytes = this.minCompactionBytes;
  }

  /** Opens or makes the file and hands every record in it to `visit`, oldest first. */
  static async open(options: JournalOptions, visit: (record: unknown) => void): Promise<Journal> {
    const handle = await open(options.path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const journal = new Journal(options, handle);
    journal.goodBytes = await readRecords(handle, Number.MAX_SAFE_INTEGER, (record) => visit(record));
    const { size } = await handle.stat();
    if (size > journal.goodBytes) {
      await handle.truncate(journal.goodBytes);
      await handle.datasync();
      options.onTornTail?.(size - journal.goodBytes);
    }
    await syncDirectory(dirname(options.path));
    return journal;
  }

  get sizeBytes(): number {
    return this.goodBytes;
  }

  append(record: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ bytes: encodeRecord(record), resolve, reject });
      this.working ??= Promise.resolve().then(() => this.work());
    });
  }

  /** Hands every record to `visit`, oldest first; for the rare question that is not worth memory. */
  async scan(visit: (record: unknown) => void): Promise<void> {
    const handle = await open(this.options.path, 'r');
    try {
      await readRecords(handle, this.goodBytes, (record) => visit(record));
    } finally {
      await handle.close();
    }
  }

  /** Waits for what was appended, then closes the file. */
  async close(): Promise<void> {
    while (this.working) await this.working;
    await this.handle.close();
  }

  private get minCompactionBytes(): number {
    return this.options.compactionBytes ?? MIN_COMPACTION_BYTES;
  }

  private async work(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        await this.write(Buffer.concat(batch.map((entry) => entry.bytes)));
        for (const entry of batch) entry.resolve();
      } catch (error) {
        for (const entry of batch) entry.reject(error as Error);
      }
      if (this.goodBytes >= this.nextCompactionBytes) await this.compact();
    }
    this.working = null;
  }

  private async write(bytes: Buffer): Promise<void> {
    if (this.damaged) await this.rewrite();
    try {
      await writeFully(this.handle, bytes, this.goodBytes);
      await this.handle.datasync();
      this.goodBytes += bytes.length;
    } catch (error) {
      await this.takeBack();
      throw error;
    }
  }

  /** After a failed write the tail may hold anything; after a failed sync, so may the page cache (hence the rewrite). */
  private async takeBack(): Promise<void> {
    this.damaged = true;
    try {
      await this.handle.truncate(this.goodBytes);
      await this.handle.datasync();
      this.damaged = false;
    } catch {
      // The next write starts with a rewrite, which reads only the good bytes.
    }
  }

  private async compact(): Promise<void> {
    try {
      await this.rewrite();
    } catch {
      // No room for a second file: the first one stays valid, and grows until the next try.
    }
    this.nextCompactionBytes = Math.max(this.minCompactionBytes, this.goodBytes * 2);
  }

  private async rewrite(): Promise<void> {
    const { path, keep } = this.options;
    const part = `${path}.part`;
    const next = await open(part, 'w+', 0o600);
    let written = 0;
    try {
      await readRecords(this.handle, this.goodBytes, async (record) => {
        if (!keep(record)) return;
        const bytes = encodeRecord(record);
        await writeFully(next, bytes, written);
        written += bytes.length;
      });
      await next.sync();
      await rename(part, path);
    } catch (error) {
      await next.close();
      throw error;
    }
    await this.handle.close();
    this.handle = next;
    this.goodBytes = written;
    this.damaged = false;
    await syncDirectory(dirname(path));
  }
}

async function writeFully(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** Visits the whole records before `limit`; resolves to where the last of them ends. */
async function readRecords(
  handle: FileHandle,
  limit: number,
  visit: (record: unknown) => void | Promise<void>,
): Promise<number> {
  let rest = Buffer.alloc(0);
  let restStart = 0;
  for (;;) {
    const from = restStart + rest.length;
    const chunk = Buffer.alloc(Math.min(READ_CHUNK_BYTES, limit - from));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, from);
    const bytes = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let offset = 0;
    let decoded = decodeRecord(bytes, offset);
    while (decoded.kind === 'record') {
      await visit(decoded.value);
      offset = decoded.end;
      decoded = decodeRecord(bytes, offset);
    }
    if (decoded.kind === 'broken' || bytesRead === 0) return restStart + offset;
    rest = bytes.subarray(offset);
    restStart += offset;
  }
}
