import { open, type FileHandle } from 'node:fs/promises';
import { parseJson, sha256Hex } from '@pilothouse/protocol';
import { lockFile } from '../kernel/file-lock.js';

/** Its name in the signer's directory. */
export const SIGNING_LOG = 'signing-log.jsonl';

/** One thing the signer has signed. */
export interface SigningLogEntry {
  time: string;
  what: 'instructions' | 'anchor';
  chain: string;
  auditSequence: number;
  auditHash: string;
  actorId: string;
  digest: string;
  count: number;
}

/** A line that a crash cut short was taken away. Its signature had not left: that waits for the whole line. */
interface RepairEntry {
  time: string;
  what: 'torn-line-removed';
  removedBytes: number;
}

type ChainedEntry = (SigningLogEntry | RepairEntry) & { previousHash: string };

const GENESIS = '0'.repeat(64);
const NEWLINE = 0x0a;
const TAIL_BLOCK_BYTES = 4096;

/**
 * The signer's own record, outside the database: lines of JSON, each naming the hash of the line before. Written and
 * synced before a signature leaves, so that everything signed is here, also what the api's transaction rolled back.
 * One process writes it at a time.
 */
export class SigningLog {
  private tail: Promise<unknown> = Promise.resolve();
  /** Whether a write has failed half-way, and left something behind the last whole line. */
  private isTorn = false;

  private constructor(
    private readonly file: FileHandle,
    private end: { size: number; hash: string },
  ) {}

  /**
   * Opens or begins the log. What a crash left of an unfinished line is cut off, and a line says so.
   * @throws when another signer writes it
   */
  static async open(path: string): Promise<SigningLog> {
    const file = await open(path, 'a+', 0o600);
    try {
      if (!(await lockFile(file.fd))) throw new Error(`Another signer writes ${path}.`);
      return await SigningLog.resume(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private static async resume(file: FileHandle): Promise<SigningLog> {
    const { size } = await file.stat();
    const whole = await lastWholeLine(file, size);
    const log = new SigningLog(file, { size: whole.end, hash: whole.line === null ? GENESIS : sha256Hex(whole.line) });
    if (whole.end < size) {
      log.isTorn = true;
      await log.enqueue({
        time: new Date().toISOString(),
        what: 'torn-line-removed',
        removedBytes: size - whole.end,
      });
    }
    return log;
  }

  /** Resolves when the entry is on disk. Entries keep the order of the calls; one that fails leaves nothing behind. */
  append(entry: SigningLogEntry): Promise<void> {
    return this.enqueue(entry);
  }

  async close(): Promise<void> {
    await this.tail;
    await this.file.close();
  }

  private enqueue(entry: SigningLogEntry | RepairEntry): Promise<void> {
    const written = this.tail.then(() => this.write(entry));
    this.tail = written.catch(() => undefined);
    return written;
  }

  private async write(entry: SigningLogEntry | RepairEntry): Promise<void> {
    if (this.isTorn) await this.file.truncate(this.end.size);
    const chained: ChainedEntry = { ...entry, previousHash: this.end.hash };
    const line = Buffer.from(JSON.stringify(chained));
    this.isTorn = true;
    await this.file.appendFile(Buffer.concat([line, Buffer.from([NEWLINE])]));
    await this.file.datasync();
    this.isTorn = false;
    this.end = { size: this.end.size + line.length + 1, hash: sha256Hex(line) };
  }
}

/** The last line that ends in a newline, and where it ends; reads backwards, because the log may be of any size. */
async function lastWholeLine(file: FileHandle, size: number): Promise<{ line: Buffer | null; end: number }> {
  let tail = Buffer.alloc(0);
  for (let start = size; start > 0;) {
    const length = Math.min(TAIL_BLOCK_BYTES, start);
    start -= length;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, start);
    if (bytesRead < length) throw new Error('The signing log shrank while it was opened');
    tail = Buffer.concat([buffer, tail]);
    const last = tail.lastIndexOf(NEWLINE);
    if (last < 0) continue;
    const before = last === 0 ? -1 : tail.lastIndexOf(NEWLINE, last - 1);
    if (before >= 0 || start === 0) return { line: tail.subarray(before + 1, last), end: start + last + 1 };
  }
  return { line: null, end: 0 };
}

/** What a signing log holds, and whether its links hold. */
export interface SigningLogReading {
  lines: number;
  /** Null when nothing is signed yet. */
  lastTime: string | null;
  /** Number of the first line that was changed, removed, added or torn. */
  firstBadLine: number | null;
}

/** Reads a log of any size from its beginning, up to its first bad line. @throws when it cannot be read. */
export async function readSigningLog(path: string): Promise<SigningLogReading> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const { end } = await lastWholeLine(file, size);
    const reading: SigningLogReading = { lines: 0, lastTime: null, firstBadLine: null };
    let previousHash = GENESIS;
    for await (const line of file.readLines({ autoClose: false, start: 0 })) {
      reading.lines += 1;
      const entry = parseJson(Buffer.from(line)) as ChainedEntry | null | undefined;
      if (entry?.previousHash !== previousHash) return { ...reading, firstBadLine: reading.lines };
      previousHash = sha256Hex(line);
      reading.lastTime = entry.time;
    }
    // What follows the last newline is not a line yet.
    return end < size ? { ...reading, firstBadLine: reading.lines } : reading;
  } finally {
    await file.close();
  }
}
