import { expect, it } from 'vitest';
import { EventQueue, QUEUE } from './event-queue.js';

function queueOf(count: number) {
  const pressure: boolean[] = [];
  const queue = new EventQueue<number>((isFull) => pressure.push(isFull));
  for (let number = 1; number <= count; number += 1) queue.push(number);
  return { queue, pressure };
}

it('asks for a pause with one event more than it may hold, and for more once it is nearly empty', async () => {
  expect(queueOf(QUEUE.high).pressure).toEqual([]);
  const { queue, pressure } = queueOf(QUEUE.high + 1);
  expect(pressure).toEqual([true]);
  const events = queue[Symbol.asyncIterator]();
  for (let left = QUEUE.high; left > QUEUE.low; left -= 1) await events.next();
  expect(pressure).toEqual([true]);
  await events.next();
  expect(pressure).toEqual([true, false]);
});

it('gives everything before its end or its failure', async () => {
  const { queue } = queueOf(2);
  queue.end();
  const seen: number[] = [];
  for await (const event of queue) seen.push(event);
  expect(seen).toEqual([1, 2]);
  const failing = queueOf(1).queue;
  failing.fail(new Error('lost'));
  const events = failing[Symbol.asyncIterator]();
  expect(await events.next()).toEqual({ value: 1, done: false });
  await expect(events.next()).rejects.toThrow('lost');
});
