import { createHash } from 'node:crypto';
import { closeSync, fdatasyncSync, ftruncateSync, openSync, unlinkSync, writevSync } from 'node:fs';
import { join } from 'node:path';
import {
  encodeSpoolHeader,
  MAX_PIECE_BYTES,
  segmentName,
  SPOOL_HEADER_BYTES,
  type SpoolPosition,
  type StreamName,
} from './spool-format.js';

export interface SpoolBounds {
  keptHeadBytes: number;
  keptTailBytes: number;
}

interface Segment {
  path: string;
  descriptor: number;
  dataBytes: number;
  fileBytes: number;
  isHead: boolean;
}

/** A tail of this many segments is finely enough cut; the disk holds at most one segment more than was asked for. */
const TAIL_SEGMENTS = 8;
const MIN_SEGMENT_BYTES = 64 * 1024;

/**
 * Numbers a command's output and keeps its first and last bytes on disk, in segments; the segments between are deleted,
 * read or not. Works synchronously: its process has nothing else to do, and so holds no queue. Never throws on a full
 * disk: a piece that finds no room is dropped and its number stays missing.
 */
export class SpoolWriter {
  private readonly segmentBytes: number;
  private readonly hashes = { STDOUT: createHash('sha256'), STDERR: createHash('sha256') };
  private readonly tail: Segment[] = [];
  private current: Segment | null = null;
  private headBytes = 0;
  private tailBytes = 0;

  constructor(
    private readonly directory: string,
    private readonly bounds: SpoolBounds,
    private position: SpoolPosition,
  ) {
    this.segmentBytes = Math.max(MIN_SEGMENT_BYTES, Math.ceil(bounds.keptTailBytes / TAIL_SEGMENTS));
  }

  append(stream: StreamName, bytes: Buffer): void {
    for (let start = 0; start < bytes.length; start += MAX_PIECE_BYTES) {
      this.appendPiece(stream, bytes.subarray(start, start + MAX_PIECE_BYTES));
    }
  }

  /** Ends the spool: what is kept of it is on the disk afterwards. */
  close(): { end: SpoolPosition; stdoutSha256: string; stderrSha256: string } {
    this.closeCurrent();
    return {
      end: this.position,
      stdoutSha256: this.hashes.STDOUT.digest('hex'),
      stderrSha256: this.hashes.STDERR.digest('hex'),
    };
  }

  private appendPiece(stream: StreamName, data: Buffer): void {
    const before = this.position;
    this.position = {
      seq: before.seq + 1,
      stdoutBytes: before.stdoutBytes + (stream === 'STDOUT' ? data.length : 0),
      stderrBytes: before.stderrBytes + (stream === 'STDERR' ? data.length : 0),
    };
    this.hashes[stream].update(data);
    const segment = this.segmentFor(this.position.seq);
    if (!segment) return;
    const header = encodeSpoolHeader({ seq: this.position.seq, stream, before }, data.length);
    if (!writeRecord(segment, [header, data])) return;
    segment.dataBytes += data.length;
    if (segment.isHead) this.headBytes += data.length;
    else this.tailBytes += data.length;
    this.trim();
  }

  private segmentFor(seq: number): Segment | null {
    const headOpen = this.headBytes < this.bounds.keptHeadBytes;
    const { current } = this;
    if (current && (current.isHead ? headOpen : current.dataBytes < this.segmentBytes)) return current;
    this.closeCurrent();
    const path = join(this.directory, segmentName(seq));
    try {
      this.current = { path, descriptor: openSync(path, 'w', 0o600), dataBytes: 0, fileBytes: 0, isHead: headOpen };
    } catch {
      // No room for another file. The next piece tries again; this one is a gap.
      return null;
    }
    if (!headOpen) this.tail.push(this.current);
    return this.current;
  }

  private trim(): void {
    let oldest = this.tail[0];
    while (oldest && oldest !== this.current && this.tailBytes - oldest.dataBytes >= this.bounds.keptTailBytes) {
      unlinkSync(oldest.path);
      this.tailBytes -= oldest.dataBytes;
      this.tail.shift();
      oldest = this.tail[0];
    }
  }

  private closeCurrent(): void {
    if (!this.current) return;
    try {
      fdatasyncSync(this.current.descriptor);
    } catch {
      // What could not be kept shows as a gap when it is read; the sums and digests are right all the same.
    }
    closeSync(this.current.descriptor);
    this.current = null;
  }
}

/** Whether the record was written as a whole; otherwise nothing of it stays. */
function writeRecord(segment: Segment, parts: [header: Buffer, data: Buffer]): boolean {
  const bytes = SPOOL_HEADER_BYTES + parts[1].length;
  let written = 0;
  try {
    written = writevSync(segment.descriptor, parts, segment.fileBytes);
  } catch {
    // Most often a full disk; judged below by the bytes written.
  }
  if (written !== bytes) {
    ftruncateSync(segment.descriptor, segment.fileBytes);
    return false;
  }
  segment.fileBytes += bytes;
  return true;
}
