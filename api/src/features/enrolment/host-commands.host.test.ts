import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { enrolCommand, installCommand } from './host-commands.js';

const run = promisify(execFile);
const PIN = 'ab'.repeat(32);

/** The arguments that the agent gets when this line is given to a shell. */
async function argumentsOf(command: string): Promise<string[]> {
  const script = `set -- ${command}; printf '%s\\n' "$@"`;
  const { stdout } = await run('/bin/sh', ['-c', script]);
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

describe('the line that installs', () => {
  const KEY_PIN = `sha256//${'+/'.repeat(21)}A=`;
  const address = { publicOrigin: 'https://[2001:db8::1]:7700', rootFingerprint: PIN, tlsKeyPin: KEY_PIN };

  /** What each program of the line is called with, in order; the script that is fetched tells its own arguments. */
  async function calls(command: string): Promise<string[][]> {
    const told = (name: string) =>
      `${name}() { printf '%s\\n' ${name} "$@" '' >&2; ${name === 'sudo' ? '"$@"' : 'echo \'printf "%s\\n" sh "$@" >&2\''}; }`;
    const { stderr } = await run('/bin/sh', ['-c', `${['sudo', 'curl', 'wget'].map(told).join('\n')}\n${command}`]);
    return stderr
      .trimEnd()
      .split('\n\n')
      .map((call) => call.split('\n'));
  }

  test.each([
    ['CURL', ['curl', '-fsSL', '-k', '--pinnedpubkey', KEY_PIN]],
    ['WGET', ['wget', '-qO-', '--no-check-certificate', `--pinnedpubkey=${KEY_PIN}`]],
  ] as const)('fetches the script with %s and hands it address and pins', async (downloader, fetching) => {
    const [fetched, sudo = []] = await calls(installCommand(address, { downloader, replace: true }));
    expect(fetched).toEqual([...fetching, 'https://[2001:db8::1]:7700/install.sh']);
    const options = ['--url', address.publicOrigin, '--pin', PIN, '--tls-pin', KEY_PIN, '--replace'];
    expect(sudo.slice(-options.length)).toEqual(options);
  });

  test('pins no key where a public authority vouches', () => {
    const command = installCommand({ ...address, tlsKeyPin: null }, { downloader: 'CURL', replace: false });
    expect(command).toBe(
      `sudo sh -c "$(curl -fsSL 'https://[2001:db8::1]:7700/install.sh')" -- --url 'https://[2001:db8::1]:7700' --pin ${PIN}`,
    );
  });

  test.each([
    ['http://10.0.0.1:7700', true],
    ['http://127.0.0.1:7700', false],
    ['http://localhost', false],
    ['http://[::1]:7700', false],
    ['https://10.0.0.1:7700', false],
  ])('of %s says whether others can read it on the way: %s', (publicOrigin, insecure) => {
    const command = installCommand({ publicOrigin, rootFingerprint: PIN }, { downloader: 'CURL', replace: false });
    expect(command.endsWith(' --insecure-http')).toBe(insecure);
  });
});
