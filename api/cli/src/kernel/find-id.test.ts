import { expect, it } from 'vitest';
import { findId } from './find-id.js';

const IDS = [
  '019a1b2c-0000-7000-8000-000000000001',
  '019a1b2c-0000-7000-8000-000000000002',
  '019a1b2d-aaaa-7000-8000-000000000003',
];
let asked = 0;
const read = async () => {
  asked += 1;
  return { nodes: IDS.map((id) => ({ id })), pageInfo: { hasNextPage: false } };
};
const find = (given: string) => findId('command', given, read);

it('takes a whole id as it is, without asking', async () => {
  const id = '019a1b2c-ffff-7000-8000-000000000009';
  expect(await find(id.toUpperCase())).toBe(id);
  expect(asked).toBe(0);
});

it.each(['019a1b2d', '019A1B2D-aa', IDS[2] ?? ''])('finds the one that begins with %s', async (given) => {
  expect(await find(given)).toBe(IDS[2]);
});

it('refuses a beginning that several have, and one that is too short to mean anything', async () => {
  await expect(find('019a1b2c')).rejects.toThrow('Several are meant by 019a1b2c. Type more of the id.');
  await expect(find('019')).rejects.toThrow('There is no command 019.');
  await expect(find('web-1')).rejects.toMatchObject({ exitCode: 5 });
});
