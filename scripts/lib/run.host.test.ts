import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { root } from './root.mjs';
import { binPath, run } from './run.mjs';

/** Runs a line of code with `run` in another process and gives what came out of it. */
async function outputOf(code: string): Promise<{ stdout: string; stderr: string }> {
  const driver = `import { run } from ${JSON.stringify(join(root, 'scripts/lib/run.mjs'))};
    await run(process.execPath, ['--eval', ${JSON.stringify(code)}], { quiet: true, calledAs: 'it' }).catch((e) => console.error(e.message));`;
  return promisify(execFile)(process.execPath, ['--input-type=module', '--eval', driver]);
}

test('a quiet program is heard only when it fails', async () => {
  expect(await outputOf('console.log("noise")')).toEqual({ stdout: '', stderr: '' });
  const failed = await outputOf('console.log("reason"); process.exitCode = 3');
  expect(failed).toEqual({ stdout: '', stderr: 'reason\nit ended with code 3\n' });
});

test('a program that is not there, or is killed, fails with a sentence', async () => {
  await expect(run('no-such-program-anywhere', [])).rejects.toThrow(/^no-such-program-anywhere could not be started/);
  await expect(run(process.execPath, ['--eval', 'process.kill(process.pid, "SIGKILL")'])).rejects.toThrow(
    'was ended by SIGKILL',
  );
});

test('programs are found at the root and in a workspace', () => {
  expect(binPath('tsc')).toContain('node_modules/.bin/tsc');
  expect(binPath('oxlint')).toContain('node_modules/.bin/oxlint');
  expect(() => binPath('no-such-program-anywhere')).toThrow('no-such-program-anywhere is not installed.');
});
