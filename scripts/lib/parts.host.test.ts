import { expect, test } from 'vitest';
import { missingParts, names, packagesOf, realParts } from './parts.mjs';

const part = (name: string, probe: string[], packages: string[] = []) => ({
  name,
  use: 'this test',
  neededByTests: false,
  packages,
  probe,
});

test('a part is missing where its probe fails or is not there', async () => {
  const parts = [part('works', ['true']), part('broken', ['false']), part('absent', ['no-such-program-anywhere'])];
  expect(names(await missingParts(parts))).toBe('broken, absent');
});

test('packages that two parts share are installed once', () => {
  expect(packagesOf([part('a', [], ['x', 'y']), part('b', [], ['y'])])).toEqual(['x', 'y']);
});

test('every part can be named in a test and asked for on the command line', () => {
  for (const { name } of realParts) expect(name).toMatch(/^[\w-]+$/);
  expect(new Set(realParts.map(({ name }) => name)).size).toBe(realParts.length);
});
