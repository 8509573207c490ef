import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeSpoolRecord,
  firstSeqOf,
  MAX_PIECE_BYTES,
  positionAfter,
  segmentName,
  SPOOL_HEADER_BYTES,
  SPOOL_START,
  type SpoolPosition,
  type SpoolRecord,
} from './spool-format.js';

/** What a reader finds next: a piece of output, or the hole where pieces are gone. */
export type SpoolItem =
  | { kind: 'record'; record: SpoolRecord; end: SpoolPosition }
  | { kind: 'gap'; fromSeq: number; toSeq: number; bytes: number; end: SpoolPosition };

/** Reads a spool from a place on, while it is being written and its middle deleted. Holds one piece in memory at most. */
export class SpoolReader {
  private segment: { firstSeq: number; handle: FileHandle; offset: number } | null = null;
  private readonly buffer = Buffer.allocUnsafe(SPOOL_HEADER_BYTES + MAX_PIECE_BYTES);

  constructor(
    private readonly directory: string,
    private position: SpoolPosition,
  ) {}

  /**
   * The next item, or null when there is none yet. `end` is where the output ends, once that is known: what is missing
   * before it is then a gap instead of something to wait for.
   */
  async next(end: SpoolPosition | null): Promise<SpoolItem | null> {
    for (;;) {
      const record = await this.nextRecord();
      if (!record) return end && end.seq > this.position.seq ? this.gapTo(end) : null;
      // Kept by the spool but sent before this reader was made.
      if (record.seq <= this.position.seq) {
        this.consume(record);
        continue;
      }
      if (record.seq > this.position.seq + 1) return this.gapTo(record.before);
      this.consume(record);
      this.position = positionAfter(record);
      return { kind: 'record', record: { ...record, data: Buffer.from(record.data) }, end: this.position };
    }
  }

  async close(): Promise<void> {
    await this.segment?.handle.close();
    this.segment = null;
  }

  private gapTo(end: SpoolPosition): SpoolItem {
    const from = this.position;
    const bytes = end.stdoutBytes - from.stdoutBytes + (end.stderrBytes - from.stderrBytes);
    this.position = end;
    return { kind: 'gap', fromSeq: from.seq + 1, toSeq: end.seq, bytes, end };
  }

  private consume(record: SpoolRecord): void {
    if (this.segment) this.segment.offset += SPOOL_HEADER_BYTES + record.data.length;
  }

  private async nextRecord(): Promise<SpoolRecord | null> {
    for (;;) {
      const record = await this.readRecord();
      if (record) return record;
      if (!(await this.openNextSegment())) return null;
    }
  }

  private async readRecord(): Promise<SpoolRecord | null> {
    if (!this.segment) return null;
    const { handle, offset } = this.segment;
    const { bytesRead } = await handle.read(this.buffer, 0, this.buffer.length, offset);
    return decodeSpoolRecord(this.buffer.subarray(0, bytesRead));
  }

  /**
   * Moves to the segment after the current one. A later segment's name proves that the current one is finished, but not
   * that its last record was there at the last read, so it is read once more first.
   */
  private async openNextSegment(): Promise<boolean> {
    const next = await this.followingSegment();
    if (next === null) return false;
    if (this.segment && (await this.readRecord())) return true;
    let handle: FileHandle;
    try {
      handle = await open(join(this.directory, segmentName(next)), 'r');
    } catch (error) {
      // The writer deleted it in this moment, and has made others.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return this.openNextSegment();
      throw error;
    }
    await this.close();
    this.segment = { firstSeq: next, handle, offset: 0 };
    return true;
  }

  private async followingSegment(): Promise<number | null> {
    const all = await listSegments(this.directory);
    const { segment } = this;
    if (segment) return all.find((firstSeq) => firstSeq > segment.firstSeq) ?? null;
    const wanted = this.position.seq + 1;
    return all.findLast((firstSeq) => firstSeq <= wanted) ?? all[0] ?? null;
  }
}

/** Where a spool ends whose writer was lost: after its last whole record. */
export async function findSpoolEnd(directory: string): Promise<SpoolPosition> {
  for (const firstSeq of (await listSegments(directory)).reverse()) {
    const reader = new SpoolReader(directory, { ...SPOOL_START, seq: firstSeq - 1 });
    let end: SpoolPosition | null = null;
    for (let item = await reader.next(null); item; item = await reader.next(null)) end = item.end;
    await reader.close();
    if (end) return end;
  }
  return SPOOL_START;
}

/** None when the directory is gone: a command that never began, or whose end is known to the control plane. */
async function listSegments(directory: string): Promise<number[]> {
  const names = await readdir(directory).catch(() => []);
  return names
    .map(firstSeqOf)
    .filter((seq) => seq !== null)
    .sort((a, b) => a - b);
}
