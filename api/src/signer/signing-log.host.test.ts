import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readSigningLog, SigningLog, type SigningLogEntry } from './signing-log.js';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pilothouse-signing-log-'));
  path = join(directory, 'signing-log.jsonl');
});
afterEach(() => rm(directory, { recursive: true }));

const entry = (auditSequence: number, digest = ''): SigningLogEntry => ({
  time: '2026-11-21T00:00:00.000Z',
  what: 'instructions',
  chain: 'chain',
  auditSequence,
  auditHash: 'hash',
  actorId: 'actor',
  digest,
  count: 1,
});

async function write(...sequences: number[]): Promise<void> {
  const log = await SigningLog.open(path);
  await Promise.all(sequences.map((sequence) => log.append(entry(sequence))));
  await log.close();
}

const text = () => readFile(path, 'utf8');
const firstBadLine = async () => (await readSigningLog(path)).firstBadLine;
const lines = async () =>
  (await text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

it('keeps entries in the order of the calls, each bound to the one before', async () => {
  await write(...Array.from({ length: 50 }, (_, index) => index));
  expect((await lines()).map((line) => line.auditSequence)).toEqual(Array.from({ length: 50 }, (_, index) => index));
  expect(await firstBadLine()).toBeNull();
});

it('is readable by its owner alone', async () => {
  await write(1);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it('goes on with its chain when it is opened again', async () => {
  await write(1);
  await write(2);
  await write();
  await write(3);
  expect(await lines()).toHaveLength(3);
  expect(await firstBadLine()).toBeNull();
});

it('goes on after a last line of any length', async () => {
  for (const length of [1, 4000, 4095, 4096, 4097, 20_000]) {
    const log = await SigningLog.open(path);
    await log.append(entry(length, 'x'.repeat(length)));
    await log.close();
  }
  await write(1);
  expect(await firstBadLine()).toBeNull();
});

it('cuts off a line torn at any byte, says so, and goes on', async () => {
  await write(1, 2);
  const whole = await text();
  const lastLine = whole.indexOf('\n') + 1;
  for (let cut = lastLine + 1; cut < whole.length; cut += 7) {
    await writeFile(path, whole);
    await truncate(path, cut);
    await write(3);
    const [first, repair, last] = await lines();
    expect(first).toMatchObject({ auditSequence: 1 });
    expect(repair).toMatchObject({ what: 'torn-line-removed', removedBytes: cut - lastLine });
    expect(last).toMatchObject({ auditSequence: 3 });
    expect(await firstBadLine()).toBeNull();
  }
});

it('begins anew where the very first line was torn', async () => {
  await writeFile(path, '{"time":"2026');
  await write(1);
  expect(await lines()).toMatchObject([{ what: 'torn-line-removed', removedBytes: 13 }, { auditSequence: 1 }]);
  expect(await firstBadLine()).toBeNull();
});

it('leaves nothing of an entry that could not be written, and takes the next one', async () => {
  const log = await SigningLog.open(path);
  await log.append(entry(1));
  const circular = entry(2) as SigningLogEntry & { self?: unknown };
  circular.self = circular;
  await expect(log.append(circular)).rejects.toThrow('circular');
  await log.append(entry(3));
  await log.close();
  expect((await lines()).map((line) => line.auditSequence)).toEqual([1, 3]);
  expect(await firstBadLine()).toBeNull();
});

it('tells how much it holds and of when the last is', async () => {
  await write();
  expect(await readSigningLog(path)).toEqual({ lines: 0, lastTime: null, firstBadLine: null });
  await write(1, 2, 3);
  expect(await readSigningLog(path)).toEqual({ lines: 3, lastTime: entry(3).time, firstBadLine: null });
});

it('is written by one signer at a time', async () => {
  const log = await SigningLog.open(path);
  await expect(SigningLog.open(path)).rejects.toThrow(`Another signer writes ${path}.`);
  await log.close();
  await write(1);
  expect(await lines()).toHaveLength(1);
});

it('finds the first line that was changed, removed, added or torn', async () => {
  await write(1, 2, 3, 4);
  const whole = await text();
  const split = whole.trimEnd().split('\n');
  const firstBadLineOf = async (changed: string) => {
    await writeFile(path, changed);
    return firstBadLine();
  };
  const joined = (list: readonly (string | undefined)[]) => `${list.join('\n')}\n`;
  expect(await firstBadLineOf(whole.replace('"auditSequence":2', '"auditSequence":9'))).toBe(3);
  expect(await firstBadLineOf(joined(split.toSpliced(1, 1)))).toBe(2);
  expect(await firstBadLineOf(joined(split.toSpliced(2, 0, split[1]!)))).toBe(3);
  expect(await firstBadLineOf(joined(split.toSpliced(0, 1)))).toBe(1);
  expect(await firstBadLineOf(joined(split.toSpliced(1, 1, 'not json')))).toBe(2);
  expect(await firstBadLineOf(whole.slice(0, -5))).toBe(4);
  await writeFile(path, `${whole}{"time"`);
  expect(await firstBadLine()).toBe(5);
});
