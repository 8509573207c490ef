import { mkdir, open, readdir, readFile, stat, truncate, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { CursorFile } from './cursor-file.js';
import { frameRecord, readRecords } from './record-frame.js';

export interface RecordLogOptions {
  directory: string;
  /** What all segments together may take. */
  maxBytes: number;
  /** Size at which a segment is closed; the oldest is what a full log loses at once. */
  segmentBytes?: number;
}

export interface LogRecord {
  sequence: number;
  payload: Buffer;
}

interface Segment {
  /** Sequence of its first record, which is also its file's name. */
  first: number;
  count: number;
  bytes: number;
}

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT']);

/**
 * A bounded log of opaque records in append-only segment files. When it is full, or the disk is, the oldest segment
 * goes and its records are counted as dropped.
 *
 * Survives kill -9 with everything that was appended; a torn tail is cut off on opening. Nothing is synced to the disk:
 * a power cut may cost the last half minute, which is cheaper than a sync every ten seconds on every host. Sequences
 * only rise. One call at a time: the caller waits for each.
 */
export class RecordLog {
  private segments: Segment[] = [];
  private active: FileHandle | null = null;
  private next = 1;
  private kept = 1;
  private dropped = 0;

  private constructor(
    private readonly directory: string,
    private readonly maxBytes: number,
    private readonly segmentBytes: number,
    private readonly cursor: CursorFile,
  ) {}

  /** Opens what a former process left. A directory that cannot be made or read is an empty log that takes nothing. */
  static async open({ directory, maxBytes, segmentBytes }: RecordLogOptions): Promise<RecordLog> {
    const size = segmentBytes ?? Math.min(2 ** 20, Math.ceil(maxBytes / 8));
    const log = new RecordLog(directory, maxBytes, size, new CursorFile(join(directory, 'cursor')));
    await log.recover();
    return log;
  }

  /** Records lost to the bound, to a full disk or to damage since the log was opened. */
  get droppedRecords(): number {
    return this.dropped;
  }

  get bytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** Sequence of the oldest record still wanted. */
  get head(): number {
    return this.kept;
  }

  /** Sequence that the next record gets. */
  get tail(): number {
    return this.next;
  }

  /** Appends a record and gives its sequence; null when the disk does not take it even after old segments went. */
  async append(payload: Uint8Array): Promise<number | null> {
    const frame = frameRecord(payload);
    if (frame.length > this.maxBytes) return null;
    while (this.bytes + frame.length > this.maxBytes) await this.dropOldest();
    for (;;) {
      try {
        const segment = await this.segmentFor(frame.length);
        await writeAll(this.active!, frame, segment.bytes);
        segment.bytes += frame.length;
        segment.count += 1;
        return this.next++;
      } catch (error) {
        const full = NO_SPACE.has((error as NodeJS.ErrnoException).code ?? '');
        if (!full || this.bytes === 0) return null;
        await this.dropOldest();
      }
    }
  }

  /** Records from `sequence` on in their order, as many as fit `maxBytes`, of one segment at most. */
  async read(sequence: number, maxBytes: number): Promise<LogRecord[]> {
    for (const segment of [...this.segments]) {
      if (segment.first + segment.count <= sequence) continue;
      const records = await this.readSegment(segment);
      const wanted = records.filter((record) => record.sequence >= sequence);
      if (wanted.length === 0) continue;
      let room = maxBytes;
      const fitting = wanted.findIndex(({ payload }) => (room -= payload.length) < 0);
      return fitting < 0 ? wanted : wanted.slice(0, fitting);
    }
    return [];
  }

  /** Records below `sequence` are no longer wanted; also after a restart. */
  async forget(sequence: number): Promise<void> {
    if (sequence <= this.kept) return;
    this.kept = sequence;
    while (this.segments.length > 1 && endOf(this.segments[0]!) <= this.kept) await this.dropOldest();
    await this.cursor.write(this.kept);
  }

  async close(): Promise<void> {
    await this.active?.close();
    this.active = null;
    await this.cursor.close();
  }

  private async recover(): Promise<void> {
    const names = await readdir(this.directory).catch(() => []);
    const firsts = names.flatMap((name) => (/^\d{16}\.seg$/.test(name) ? Number(name.slice(0, 16)) : []));
    firsts.sort((a, b) => a - b);
    for (const [index, first] of firsts.entries()) {
      const following = firsts[index + 1];
      const found = following === undefined ? await this.cutTornTail(first) : await this.describe(first, following);
      if (found) this.segments.push(found);
    }
    const last = this.segments.at(-1);
    const written = (await this.cursor.read()) ?? 1;
    this.kept = Math.max(written, this.segments[0]?.first ?? 1);
    this.next = Math.max(this.kept, last ? endOf(last) : 1);
    while (this.segments.length > 0 && endOf(this.segments[0]!) <= this.kept) await this.dropOldest();
    while (this.bytes > this.maxBytes) await this.dropOldest();
  }

  private async describe(first: number, following: number): Promise<Segment | null> {
    const file = await stat(this.path(first)).catch(() => null);
    return file && { first, count: following - first, bytes: file.size };
  }

  private async cutTornTail(first: number): Promise<Segment | null> {
    const bytes = await readFile(this.path(first)).catch(() => null);
    if (!bytes) return null;
    const { payloads, validBytes } = readRecords(bytes);
    // Where it cannot be cut, the next record overwrites it.
    if (validBytes < bytes.length) await truncate(this.path(first), validBytes).catch(() => undefined);
    return { first, count: payloads.length, bytes: validBytes };
  }

  private async readSegment(segment: Segment): Promise<LogRecord[]> {
    const bytes = await readFile(this.path(segment.first)).catch(() => Buffer.alloc(0));
    const { payloads } = readRecords(bytes.subarray(0, segment.bytes));
    const readable = payloads.slice(0, segment.count);
    const lostFrom = Math.max(segment.first + readable.length, this.kept);
    this.dropped += Math.max(0, endOf(segment) - lostFrom);
    segment.count = readable.length;
    return readable.map((payload, index) => ({ sequence: segment.first + index, payload }));
  }

  private async segmentFor(frameBytes: number): Promise<Segment> {
    const last = this.segments.at(-1);
    const continues = last && endOf(last) === this.next && last.bytes + frameBytes <= this.segmentBytes;
    if (continues && this.active) return last;
    await this.active?.close();
    this.active = null;
    const segment = continues ? last : { first: this.next, count: 0, bytes: 0 };
    // There already, or opening the file tells what is wrong. Not `recursive`: Node loops for ever where a file system
    // answers ENOENT under a directory that exists.
    if (!continues) await mkdir(this.directory, { mode: 0o700 }).catch(() => undefined);
    this.active = await open(this.path(segment.first), continues ? 'r+' : 'w', 0o600);
    if (!continues) this.segments.push(segment);
    return segment;
  }

  private async dropOldest(): Promise<void> {
    const oldest = this.segments.shift();
    if (!oldest) return;
    if (this.segments.length === 0) {
      await this.active?.close();
      this.active = null;
    }
    // A file that is gone or cannot be removed is found again, or not, when the log is next opened.
    await unlink(this.path(oldest.first)).catch(() => undefined);
    this.dropped += Math.max(0, endOf(oldest) - Math.max(oldest.first, this.kept));
    this.kept = Math.max(this.kept, endOf(oldest));
  }

  private path(first: number): string {
    return join(this.directory, `${String(first).padStart(16, '0')}.seg`);
  }
}

const endOf = (segment: Segment) => segment.first + segment.count;

/** Writes at `position`, so that what a failed write left is overwritten by the next one. */
async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += (await handle.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
  }
}
