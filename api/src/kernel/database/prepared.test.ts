import { expect, test } from 'vitest';
import { allAnswered } from './prepared.js';

test('gives all answers in their order', async () => {
  expect(await allAnswered([Promise.resolve(1), Promise.resolve('two')])).toEqual([1, 'two']);
});

test('waits for what is under way when one fails, and then tells the first failure', async () => {
  const answered: string[] = [];
  const slow = new Promise<void>((resolve) => setImmediate(resolve)).then(() => void answered.push('slow'));
  const fails = (name: string) => Promise.reject(new Error(name));
  await expect(allAnswered([slow, fails('first'), fails('second')])).rejects.toThrow('first');
  expect(answered).toEqual(['slow']);
});
