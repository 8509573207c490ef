import { expect, test } from 'vitest';
import { refusalFor } from './platform.mjs';

const supported = { platform: 'linux', arch: 'x64', nodeVersion: '20.19.0', glibcVersion: '2.36' };

test('accepts Linux with glibc on x64 and arm64 from Node 20.19 on', () => {
  expect(refusalFor(supported)).toBeUndefined();
  expect(refusalFor({ ...supported, arch: 'arm64', nodeVersion: '24.1.0' })).toBeUndefined();
});

test.each([
  [{ nodeVersion: '20.18.3' }, 'Pilothouse needs Node 20.19 or newer; this is Node 20.18.3.'],
  [{ nodeVersion: '18.20.0' }, 'Pilothouse needs Node 20.19 or newer; this is Node 18.20.0.'],
  [{ platform: 'darwin', arch: 'arm64' }, 'Pilothouse runs on Linux x64 and arm64; this is darwin arm64.'],
  [{ arch: 'riscv64' }, 'Pilothouse runs on Linux x64 and arm64; this is linux riscv64.'],
])('refuses %o with a sentence', (difference, sentence) => {
  expect(refusalFor({ ...supported, ...difference })).toBe(sentence);
});

test('refuses a C library other than glibc', () => {
  expect(refusalFor({ ...supported, glibcVersion: undefined })).toContain('needs a Linux with glibc');
});
