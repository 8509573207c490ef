import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { decodeRecord, encodeRecord } from './journal-format.js';
import { Journal, type JournalOptions } from './journal.js';

let path: string;
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'ph-journal-')), 'journal');
});

async function readAll(options: Partial<JournalOptions> = {}): Promise<{ records: unknown[]; journal: Journal }> {
  const records: unknown[] = [];
  const journal = await Journal.open({ path, keep: () => true, ...options }, (record) => void records.push(record));
  return { records, journal };
}

async function recordsOnDisk(options: Partial<JournalOptions> = {}): Promise<unknown[]> {
  const { records, journal } = await readAll(options);
  await journal.close();
  return records;
}

describe('a journal', () => {
  it('gives back what was appended, in order, after it was opened again', async () => {
    const { journal } = await readAll();
    await Promise.all(Array.from({ length: 500 }, (_, n) => journal.append({ n })));
    await journal.close();
    expect(await recordsOnDisk()).toEqual(Array.from({ length: 500 }, (_, n) => ({ n })));
  });

  it('reads whole records only, wherever a crash cut the file', async () => {
    const { journal } = await readAll();
    for (let n = 0; n < 3; n += 1) await journal.append({ n, filling: 'x'.repeat(n) });
    await journal.close();
    const whole = readFileSync(path);
    const ends = [encodeRecord({ n: 0, filling: '' }).length];
    ends.push((ends[0] as number) + encodeRecord({ n: 1, filling: 'x' }).length, whole.length);
    for (let cut = 0; cut <= whole.length; cut += 1) {
      writeFileSync(path, whole.subarray(0, cut));
      let torn = 0;
      const { records, journal: reopened } = await readAll({ onTornTail: (bytes) => (torn = bytes) });
      const expected = ends.filter((end) => end <= cut).length;
      expect(records).toHaveLength(expected);
      expect(torn).toBe(cut - (ends[expected - 1] ?? 0));
      await reopened.append({ after: 'the crash' });
      await reopened.close();
      expect((await recordsOnDisk()).at(-1)).toEqual({ after: 'the crash' });
    }
  });

  it('takes garbage at its end for a torn write', async () => {
    const { journal } = await readAll();
    await journal.append({ n: 1 });
    await journal.close();
    appendFileSync(path, Buffer.alloc(10_000, 0));
    expect(await recordsOnDisk()).toEqual([{ n: 1 }]);
  });

  it('forgets on rewriting what is declined, and nothing that is appended meanwhile', async () => {
    const forgotten = new Set<unknown>();
    const keep = (record: unknown) => !forgotten.has((record as { n: number }).n);
    const { journal } = await readAll({ keep, compactionBytes: 4096 });
    for (let n = 0; n < 400; n += 1) {
      await Promise.all([journal.append({ n }), journal.append({ n: n + 0.5 })]);
      forgotten.add(n);
    }
    expect(journal.sizeBytes).toBeLessThan(800 * encodeRecord({ n: 399.5 }).length);
    await journal.close();
    const kept = (await recordsOnDisk()).map((record) => (record as { n: number }).n);
    expect(kept.filter((n) => !Number.isInteger(n))).toEqual(Array.from({ length: 400 }, (_, n) => n + 0.5));
  });

  it('can be asked again for what nobody keeps in memory', async () => {
    const { journal } = await readAll();
    for (let n = 0; n < 10; n += 1) await journal.append({ n });
    const seen: unknown[] = [];
    await journal.scan((record) => void seen.push(record));
    expect(seen).toHaveLength(10);
    await journal.close();
  });
});

describe('the form of a record', () => {
  it('shows every flipped bit', () => {
    const record = encodeRecord({ id: 'abc' });
    for (let bit = 0; bit < record.length * 8; bit += 1) {
      const flipped = Buffer.from(record);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(decodeRecord(flipped, 0).kind).not.toBe('record');
    }
  });

  it('refuses what is longer than any record', () => {
    expect(() => encodeRecord('x'.repeat(4 * 2 ** 20 - 2))).not.toThrow();
    expect(() => encodeRecord('x'.repeat(4 * 2 ** 20 - 1))).toThrow(RangeError);
  });
});
