import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { frameRecord, readRecords } from './record-frame.js';
import { RecordLog } from './record-log.js';

let directory: string;
let opened: RecordLog[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pilothouse-log-'));
  opened = [];
});

afterEach(async () => {
  for (const log of opened) await log.close();
  await rm(directory, { recursive: true });
});

/** Records of ten bytes take eighteen on disk. */
const record = (number: number) => Buffer.from(`record${String(number).padStart(4, '0')}`);
const numbersOf = (records: { payload: Buffer }[]) => records.map(({ payload }) => Number(payload.toString().slice(6)));

async function open(limits: { maxBytes?: number; segmentBytes?: number } = {}): Promise<RecordLog> {
  const log = await RecordLog.open({ directory, maxBytes: 1000, segmentBytes: 90, ...limits });
  opened.push(log);
  return log;
}

async function fill(log: RecordLog, count: number): Promise<void> {
  for (let number = 1; number <= count; number++) await log.append(record(number));
}

async function readAll(log: RecordLog): Promise<number[]> {
  const numbers: number[] = [];
  for (let next = log.head; next < log.tail;) {
    const records = await log.read(next, 1000);
    if (records.length === 0) break;
    numbers.push(...numbersOf(records));
    next = records.at(-1)!.sequence + 1;
  }
  return numbers;
}

const segmentFiles = async () => (await readdir(directory)).filter((name) => name.endsWith('.seg')).sort();

describe('what was appended', () => {
  it('is read in order over segments and not forgotten by reading', async () => {
    const log = await open();
    await fill(log, 12);
    expect(await segmentFiles()).toHaveLength(3);
    expect(await readAll(log)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(numbersOf(await log.read(2, 29))).toEqual([2, 3]);
    expect(numbersOf(await log.read(2, 30))).toEqual([2, 3, 4]);
  });

  it('is there for the next process, which goes on with the sequence', async () => {
    await fill(await open(), 7);
    const log = await open();
    expect(await log.append(record(8))).toBe(8);
    expect(await readAll(log)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('does not come back once it was forgotten, also for the next process', async () => {
    const log = await open();
    await fill(log, 12);
    await log.forget(8);
    expect(await segmentFiles()).toHaveLength(2);
    expect(await readAll(log)).toEqual([8, 9, 10, 11, 12]);
    expect(await readAll(await open())).toEqual([8, 9, 10, 11, 12]);
    expect(log.droppedRecords).toBe(0);
  });

  it('is given again where the note of what was forgotten is torn', async () => {
    const log = await open();
    await fill(log, 4);
    await log.forget(3);
    await truncate(join(directory, 'cursor'), 5);
    expect(await readAll(await open())).toEqual([1, 2, 3, 4]);
  });
});

describe('the bound', () => {
  it('holds to the byte: what just fits stays, one more record costs the oldest segment', async () => {
    const log = await open({ maxBytes: 180 });
    await fill(log, 10);
    expect([log.bytes, log.droppedRecords]).toEqual([180, 0]);
    await log.append(record(11));
    expect([log.bytes, log.droppedRecords]).toEqual([108, 5]);
    expect(await readAll(log)).toEqual([6, 7, 8, 9, 10, 11]);
  });

  it('does not count as dropped what was delivered before', async () => {
    const log = await open({ maxBytes: 180 });
    await fill(log, 10);
    await log.forget(4);
    await log.append(record(11));
    expect(log.droppedRecords).toBe(2);
  });

  it('is kept by the next process when it has become smaller', async () => {
    await fill(await open(), 20);
    const log = await open({ maxBytes: 100 });
    expect(log.bytes).toBeLessThanOrEqual(100);
    expect(await readAll(log)).toEqual([16, 17, 18, 19, 20]);
    expect(log.droppedRecords).toBe(15);
  });

  it('refuses a record that could never fit', async () => {
    const log = await open({ maxBytes: 100 });
    expect(await log.append(Buffer.alloc(92))).toBe(1);
    expect(await log.append(Buffer.alloc(93))).toBeNull();
  });

  it('holds for any sizes of records, and order holds with it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 40 }), async (sizes) => {
        await rm(directory, { recursive: true });
        await mkdir(directory);
        const log = await open({ maxBytes: 400 });
        for (const size of sizes) {
          await log.append(Buffer.alloc(size, 1));
          expect(log.bytes).toBeLessThanOrEqual(400);
        }
        const kept = sizes.length - log.droppedRecords;
        expect(log.tail - log.head).toBe(kept);
        await log.close();
      }),
      { numRuns: 40 },
    );
  });
});

describe('damage', () => {
  it('costs only the torn record at the end', async () => {
    await fill(await open(), 3);
    const [file] = await segmentFiles();
    const path = join(directory, file!);
    for (const cut of [1, 9, 17]) {
      const whole = await readFile(path);
      await writeFile(path, whole.subarray(0, whole.length - cut));
      const log = await open();
      expect(await readAll(log)).toEqual([1, 2]);
      expect((await stat(path)).size).toBe(36);
      expect(await log.append(record(3))).toBe(3);
    }
  });

  it('by zeros or noise behind the end is cut off', async () => {
    for (const noise of [Buffer.alloc(50), Buffer.from('noise that is no record')]) {
      await rm(directory, { recursive: true });
      await mkdir(directory);
      await fill(await open(), 2);
      await appendFile(join(directory, (await segmentFiles())[0]!), noise);
      const log = await open();
      expect(await log.append(record(3))).toBe(3);
      expect(await readAll(log)).toEqual([1, 2, 3]);
    }
  });

  it('in the middle costs the rest of that segment, which is counted', async () => {
    await fill(await open(), 12);
    const path = join(directory, (await segmentFiles())[1]!);
    const bytes = await readFile(path);
    bytes[20] = bytes[20]! ^ 1;
    await writeFile(path, bytes);
    const log = await open();
    expect(await readAll(log)).toEqual([1, 2, 3, 4, 5, 6, 11, 12]);
    expect(log.droppedRecords).toBe(4);
  });

  it('of a cursor ahead of the log leaves the sequence rising', async () => {
    const log = await open();
    await fill(log, 3);
    await log.forget(4);
    await truncate(join(directory, (await segmentFiles())[0]!), 18);
    const next = await open();
    expect(await next.append(record(4))).toBe(4);
    expect(await readAll(next)).toEqual([4]);
  });
});

it('takes nothing, and does not throw, where no directory can be made', async () => {
  await writeFile(join(directory, 'file'), '');
  const log = await RecordLog.open({ directory: join(directory, 'file', 'log'), maxBytes: 1000 });
  expect(await log.append(record(1))).toBeNull();
  expect(await log.read(1, 1000)).toEqual([]);
});

it('reads back every list of records, and never throws on noise', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1 })), fc.uint8Array(), (payloads, noise) => {
      const whole = Buffer.concat(payloads.map(frameRecord));
      expect(readRecords(whole).payloads).toEqual(payloads.map((payload) => Buffer.from(payload)));
      readRecords(Buffer.concat([whole, noise]));
      readRecords(Buffer.from(noise));
    }),
  );
});
