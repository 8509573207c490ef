import { expect, test } from 'vitest';
import { isInstalled } from './install.mjs';

const locked = {
  '': { version: '1.0.0' },
  'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/other-platform': { version: '1.0.0', integrity: 'sha512-o', optional: true },
};
const installed = { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } };

test('a tree with every package but those of other platforms is installed', () => {
  expect(isInstalled(locked, installed)).toBe(true);
});

test('a missing package, another version and other content of the same version are not', () => {
  expect(isInstalled(locked, {})).toBe(false);
  expect(isInstalled(locked, { 'node_modules/a': { version: '1.0.1', integrity: 'sha512-a' } })).toBe(false);
  expect(isInstalled(locked, { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-b' } })).toBe(false);
});
