import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fingerprint } from './fingerprint.mjs';

let base: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'pilothouse fingerprint-'));
  mkdirSync(join(base, 'src/deep'), { recursive: true });
  writeFileSync(join(base, 'src/deep/a.ts'), 'a');
});

afterEach(() => rmSync(base, { recursive: true }));

test('stays the same when only times change', () => {
  const before = fingerprint(base, ['src']);
  utimesSync(join(base, 'src/deep/a.ts'), 0, 0);
  expect(fingerprint(base, ['src'])).toBe(before);
});

test('changes with content, with a name and with a file that appears', () => {
  const seen = new Set([fingerprint(base, ['src', 'later.json'])]);
  writeFileSync(join(base, 'src/deep/a.ts'), 'b');
  seen.add(fingerprint(base, ['src', 'later.json']));
  renameSync(join(base, 'src/deep/a.ts'), join(base, 'src/deep/b.ts'));
  seen.add(fingerprint(base, ['src', 'later.json']));
  writeFileSync(join(base, 'later.json'), '');
  seen.add(fingerprint(base, ['src', 'later.json']));
  expect(seen.size).toBe(4);
});

test('does not look at what builds and installations leave behind', () => {
  const before = fingerprint(base, ['.']);
  for (const name of ['node_modules', 'dist', '.next']) {
    mkdirSync(join(base, 'src', name));
    writeFileSync(join(base, 'src', name, 'x.js'), 'x');
  }
  expect(fingerprint(base, ['.'])).toBe(before);
});
