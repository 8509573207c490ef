import { expect, it } from 'vitest';
import { ApiFault, Unreachable } from './cli-error.js';
import { resume, type Numbered } from './resume.js';

/** Answers each opening with the next of `parts`: items, then the error if there is one. */
function opener(parts: { items: Numbered[]; error?: Error; isConnected?: true }[]) {
  const openings: (number | null)[] = [];
  const open = async function* (afterSeq: number | null, onOpen: () => void) {
    const { items, error, isConnected } = parts[openings.length] ?? { items: [] };
    openings.push(afterSeq);
    if (isConnected) onOpen();
    yield* items;
    if (error) throw error;
  };
  return { open, openings };
}

const items = (...numbers: number[]) => numbers.map((seq) => ({ seq }));
const lost = new Unreachable('lost');

async function collect(stream: AsyncIterable<Numbered>): Promise<number[]> {
  const seen: number[] = [];
  for await (const { seq } of stream) seen.push(seq);
  return seen;
}

it('goes on after the last number that it has given, and gives none twice', async () => {
  const { open, openings } = opener([
    { items: items(1, 2), error: lost },
    { items: [], error: lost },
    { items: items(2, 3) },
  ]);
  const outages: boolean[] = [];
  expect(await collect(resume({ open, afterSeq: null, onOutage: (isOver) => outages.push(isOver) }))).toEqual([
    1, 2, 3,
  ]);
  expect(openings).toEqual([null, 2, 2]);
  expect(outages).toEqual([false, true]);
});

it('gives the end of a stream although it repeats the last number', async () => {
  const { open } = opener([{ items: items(1), error: lost }, { items: [{ seq: 1, end: true }] }]);
  expect(await collect(resume({ open, afterSeq: null }))).toEqual([1, 1]);
});

it('does not try again what the control plane refuses', async () => {
  const { open, openings } = opener([{ items: items(1), error: new ApiFault('NOT_FOUND', 'gone') }]);
  await expect(collect(resume({ open, afterSeq: null }))).rejects.toThrow('gone');
  expect(openings).toHaveLength(1);
});

it('gives up once there was no connection for so long', async () => {
  const { open } = opener(Array.from({ length: 10 }, () => ({ items: [], error: lost })));
  await expect(collect(resume({ open, afterSeq: null, giveUpAfterMs: 0 }))).rejects.toBe(lost);
});

it('begins after the number that it was given, also when it is cut before the first item', async () => {
  const { open, openings } = opener([{ items: [], error: lost }, { items: items(8) }]);
  expect(await collect(resume({ open, afterSeq: 7 }))).toEqual([8]);
  expect(openings).toEqual([7, 7]);
});

it('tells the end of an outage with the connection, not with the first item that comes over it', async () => {
  const { open } = opener([
    { items: [], error: lost },
    { items: [], isConnected: true },
  ]);
  const outages: boolean[] = [];
  await collect(resume({ open, afterSeq: 7, onOutage: (isOver) => outages.push(isOver) }));
  expect(outages).toEqual([false, true]);
});

it('takes a control plane that answers but cannot follow for one outage', async () => {
  const unavailable = new ApiFault('UNAVAILABLE', 'no database');
  const { open } = opener(Array.from({ length: 3 }, () => ({ items: [], error: unavailable, isConnected: true })));
  const outages: boolean[] = [];
  const stream = resume({ open, afterSeq: 7, onOutage: (isOver) => outages.push(isOver) });
  await collect(stream);
  expect(outages).toEqual([false, true]);
});
