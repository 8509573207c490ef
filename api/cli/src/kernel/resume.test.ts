import { expect, it } from 'vitest';
import { ApiFault, Unreachable } from './cli-error.js';
import { resume, type Numbered } from './resume.js';

/** Answers each opening with the next of `parts`: items, then the error if there is one. */
function opener(parts: { items: Numbered[]; error?: Error }[]) {
  const openings: (number | null)[] = [];
  const open = async function* (afterSeq: number | null) {
    const { items, error } = parts[openings.length] ?? { items: [] };
    openings.push(afterSeq);
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
  expect(await collect(resume({ open, onOutage: (isOver) => outages.push(isOver) }))).toEqual([1, 2, 3]);
  expect(openings).toEqual([null, 2, 2]);
  expect(outages).toEqual([false, true]);
});

it('gives the end of a stream although it repeats the last number', async () => {
  const { open } = opener([{ items: items(1), error: lost }, { items: [{ seq: 1, end: true }] }]);
  expect(await collect(resume({ open }))).toEqual([1, 1]);
});

it('does not try again what the control plane refuses', async () => {
  const { open, openings } = opener([{ items: items(1), error: new ApiFault('NOT_FOUND', 'gone') }]);
  await expect(collect(resume({ open }))).rejects.toThrow('gone');
  expect(openings).toHaveLength(1);
});

it('gives up once there was no connection for so long', async () => {
  const { open } = opener(Array.from({ length: 10 }, () => ({ items: [], error: lost })));
  await expect(collect(resume({ open, giveUpAfterMs: 0 }))).rejects.toBe(lost);
});
