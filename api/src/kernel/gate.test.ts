import { expect, it } from 'vitest';
import { Gate } from './gate.js';

/** Work that ends when it is told to. */
function held() {
  let end!: () => void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { end, work: () => ended };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

it('lets two in, and the third when one has gone', async () => {
  const gate = new Gate(2);
  const inside: number[] = [];
  const works = [held(), held(), held()];
  const passed = works.map(({ work }, number) =>
    gate.pass(async () => {
      inside.push(number);
      await work();
    }),
  );
  await settled();
  expect(inside).toEqual([0, 1]);
  works[1]?.end();
  await passed[1];
  await settled();
  expect(inside).toEqual([0, 1, 2]);
  works[0]?.end();
  works[2]?.end();
  await Promise.all(passed);
});

it('keeps the order of arrival', async () => {
  const gate = new Gate(1);
  const order: number[] = [];
  await Promise.all([0, 1, 2, 3].map((number) => gate.pass(async () => void order.push(number))));
  expect(order).toEqual([0, 1, 2, 3]);
});

it('gives the place of work that failed to the next', async () => {
  const gate = new Gate(1);
  const failing = gate.pass(() => Promise.reject(new Error('fails')));
  const next = gate.pass(async () => 'next');
  await expect(failing).rejects.toThrow('fails');
  expect(await next).toBe('next');
});
