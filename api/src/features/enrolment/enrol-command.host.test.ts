import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { enrolCommand } from './enrol-command.js';

const PIN = 'ab'.repeat(32);

/** The arguments that the agent gets when this line is given to a shell. */
async function argumentsOf(command: string): Promise<string[]> {
  const script = `set -- ${command}; printf '%s\\n' "$@"`;
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', script]);
  return stdout.trimEnd().split('\n');
}

test.each([
  'https://pilot.example.test',
  'https://[2001:db8::1]:7700',
  'http://a$(id)b',
  "http://a'b;id",
  'http://*?#&',
])('a shell hands %s to the agent as it is', async (publicOrigin) => {
  const command = enrolCommand({ publicOrigin, rootFingerprint: PIN });
  expect(await argumentsOf(command)).toEqual(['pilothouse-agent', 'enrol', '--url', publicOrigin, '--pin', PIN]);
});

test('the line pins a certificate that no public authority has signed', async () => {
  const address = { publicOrigin: 'https://pilot.example.test', rootFingerprint: PIN };
  expect((await argumentsOf(enrolCommand({ ...address, tlsFingerprint: 'cd'.repeat(32) }))).slice(-2)).toEqual([
    '--tls-pin',
    'cd'.repeat(32),
  ]);
  expect(enrolCommand({ ...address, tlsFingerprint: null })).not.toContain('--tls-pin');
});
