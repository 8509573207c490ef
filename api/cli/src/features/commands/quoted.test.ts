import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { quoted } from './quoted.js';

it('is read back by a shell as the same arguments', () => {
  const argv = ['a b', "it's", '$(id)', '`id`', '', '-n', 'é;&|', 'x=1', '\\', '*', '"'];
  const script = `for each in ${quoted(argv)}; do printf '%s\\n' "$each"; done`;
  expect(execFileSync('/bin/sh', ['-c', script]).toString().split('\n').slice(0, -1)).toEqual(argv);
});
