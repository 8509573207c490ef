import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './lib/root.mjs';

const page = readFileSync(join(root, 'docs/security-requirements.md'), 'utf8');

interface Requirement {
  id: string;
  status: string;
  /** Of each file, the names of its tests. */
  tests: { file: string; names: string[] }[];
}

const requirements: Requirement[] = [...page.matchAll(/^\| (S-\d\d) \| .*? \| (.*?) \| (.*) \|$/gm)].map(
  ([, id = '', status = '', cell = '']) => ({ id, status, tests: testsIn(cell) }),
);

function testsIn(cell: string): Requirement['tests'] {
  return cell.split('<br>').flatMap((entry) => {
    const file = /^`(.*)`: /.exec(entry)?.[1];
    return file === undefined ? [] : [{ file, names: [...entry.matchAll(/“(.*?)”/g)].map(([, name = '']) => name) }];
  });
}

test('every requirement from S-01 to S-60 is listed once, in order', () => {
  const all = Array.from({ length: 60 }, (_, index) => `S-${String(index + 1).padStart(2, '0')}`);
  expect(requirements.map(({ id }) => id)).toEqual(all);
});

test.each(requirements)('$id says whether it is met, and what proves it', ({ status, tests }) => {
  expect(status).toMatch(/^(met( for what exists: .+)?|partly: .+|not met yet: .+)$/);
  const named = tests.flatMap(({ names }) => names).length;
  if (status.startsWith('not met yet')) expect(named).toBe(0);
  else expect(named).toBeGreaterThan(0);
});

const named = requirements.flatMap(({ id, tests }) => tests.map((entry) => ({ id, ...entry })));

test.each(named)('$id: $file has the tests that it is named for', ({ file, names }) => {
  expect(file).toMatch(/\.(test|suite)\.ts$/);
  const source = readFileSync(join(root, file), 'utf8').replaceAll("\\'", "'");
  const isThere = (name: string) => [`'${name}'`, `"${name}"`, `\`${name}\``].some((text) => source.includes(text));
  expect(names.filter((name) => !isThere(name))).toEqual([]);
});
