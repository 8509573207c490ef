import { chmod, readFile, stat } from 'node:fs/promises';
import { createHmac } from 'node:crypto';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, TestApi } from '../testing/index.js';
import { CliHarness } from './testing/cli-harness.js';
import { TlsFront } from './testing/tls-front.js';

let api: TestApi;
let cli: CliHarness;

beforeAll(async () => {
  api = await TestApi.start();
  cli = await CliHarness.make({ PILOTHOUSE_URL: api.origin });
});

afterAll(async () => {
  await cli?.remove();
  await api?.stop();
});

const LOGIN = ['login', '--email', 'ada@example.test', '--password-stdin'];

describe('set-up', () => {
  const options = ['--name', 'Ada', '--email', 'ada@example.test', '--workspace-name', 'Home'];

  it('is asked for by every command while there is no owner, as the program was called', async () => {
    for (const command of [LOGIN, ['servers']]) {
      expect(await cli.run(command, PASSWORD)).toEqual({
        code: 3,
        stdout: '',
        stderr: `${api.origin} has no owner yet. Make one with pilothouse setup.\n`,
      });
    }
    const before = cli.environment;
    // As npx says it.
    cli.environment = { ...before, npm_command: 'exec' };
    expect((await cli.run(['servers'])).stderr).toContain('Make one with npx pilothouse setup.');
    cli.environment = before;
  });

  it('names the option that is missing where nobody can be asked', async () => {
    expect(await cli.run(['setup', ...options, '--password-stdin'], PASSWORD)).toEqual({
      code: 2,
      stdout: '',
      stderr: 'There is no terminal to ask at. Give --code: set-up code, as the control plane printed it.\n',
    });
    const code = (await api.controlPlane.features.people.setUp.offerCode()) ?? 'none';
    const withoutPassword = await cli.run(['setup', ...options, '--code', code]);
    expect(withoutPassword).toMatchObject({ code: 2, stdout: '' });
    expect(withoutPassword.stderr).toContain('--password-stdin');
  });

  it('refuses a wrong code, then makes the owner with the right one and signs in', async () => {
    const setUp = (code: string) => cli.run(['setup', ...options, '--code', code, '--password-stdin'], `${PASSWORD}\n`);
    const code = (await api.controlPlane.features.people.setUp.offerCode()) ?? 'none';
    expect(await setUp('AAAA-BBBB-CCCC')).toEqual({
      code: 3,
      stdout: '',
      stderr: 'The set-up code is wrong. It is printed at every start; only the newest counts.\n',
    });
    const asked = cli.startAtTerminal(['setup']);
    await asked.says('stdout', 'as the control plane printed it: ');
    asked.child.stdin?.write('AAAA-BBBB-CCCC\r');
    const { code: exitCode, stdout } = await asked.ended;
    expect({ exitCode, asks: stdout.includes('Your name') }).toEqual({ exitCode: 3, asks: false });
    expect(await setUp(code)).toEqual({
      code: 0,
      stdout: 'Pilothouse is yours, Ada. You are signed in.\nNext: pilothouse servers\n',
      stderr: '',
    });
    expect(await cli.json(['whoami'])).toMatchObject({
      url: api.origin,
      role: 'OWNER',
      person: { email: 'ada@example.test' },
      workspace: { name: 'Home' },
    });
    expect(await setUp(code)).toMatchObject({
      code: 1,
      stderr: `${api.origin} is set up already. Sign in with pilothouse login, or name another control plane with --url.\n`,
    });
  });
});

describe('a session', () => {
  it('is kept where only its owner can read it, and nothing is done with a file that others can read', async () => {
    const { mode } = await stat(cli.credentialsFile);
    expect(mode & 0o777).toBe(0o600);
    expect((await stat(dirname(cli.credentialsFile))).mode & 0o777).toBe(0o700);
    await chmod(cli.credentialsFile, 0o640);
    const { code, stderr } = await cli.run(['whoami']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `Others can read ${cli.credentialsFile}. Run chmod 600 on it, and sign in again if it was shared.\n`,
    });
    await chmod(cli.credentialsFile, 0o600);
  });

  it('ends on logout, here and at the control plane; then every command says how to sign in', async () => {
    const token = JSON.parse(await readFile(cli.credentialsFile, 'utf8')).controlPlanes[api.origin].token;
    expect(await cli.run(['logout'])).toEqual({ code: 0, stdout: 'Signed out.\n', stderr: '' });
    expect(await cli.run(['servers'])).toEqual({
      code: 3,
      stdout: '',
      stderr: `Nobody is signed in at ${api.origin}. Sign in with pilothouse login.\n`,
    });
    cli.environment = { ...cli.environment, PILOTHOUSE_TOKEN: token };
    for (const command of [['servers'], ['servers', 'watch']]) {
      expect(await cli.run(command)).toEqual({
        code: 3,
        stdout: '',
        stderr: `${api.origin} does not accept the token in PILOTHOUSE_TOKEN: it is wrong, was revoked or has expired. Correct or unset it.\n`,
      });
    }
    delete cli.environment.PILOTHOUSE_TOKEN;
    expect(await readFile(cli.credentialsFile, 'utf8')).not.toContain(token);
  });

  it('is refused with another password, and begins with the right one', async () => {
    const wrong = await cli.run(LOGIN, 'not the password');
    expect(wrong).toMatchObject({ code: 3, stdout: '' });
    expect(await cli.run(LOGIN, PASSWORD)).toMatchObject({ code: 0, stderr: '' });
    const sessions = await cli.json(['sessions']);
    expect(sessions).toMatchObject([{ client: 'CLI', userAgent: 'pilothouse-cli', isCurrent: true }]);
  });

  it('begins at a terminal, which shows the address but never the password', async () => {
    const login = cli.startAtTerminal(['login']);
    await login.says('stdout', 'E-mail: ');
    login.child.stdin?.write('ada@example.test\r');
    await login.says('stdout', 'Password: ');
    login.child.stdin?.write(`${PASSWORD}\r`);
    const { code, stdout } = await login.ended;
    expect(stdout).toContain('Signed in to');
    expect(stdout).toMatch(/E-mail: .*ada@example\.test/);
    expect(stdout).not.toContain('correct horse');
    expect(code).toBe(0);
  });

  it('is not begun after Ctrl-C at a question, and that is said', async () => {
    const login = cli.startAtTerminal(['login']);
    await login.says('stdout', 'E-mail: ');
    login.child.stdin?.write('\x03');
    const { code, stdout } = await login.ended;
    expect(stdout).toMatch(/Nothing was done\.\s*$/);
    expect(code).toBe(130);
  });

  it('is confirmed with the password where that is asked for, once, and goes on under its new token', async () => {
    await api.sql(`update sessions set stepped_up_at = null`);
    const create = ['tokens', 'create', 'ci', '--scope', 'read,run', '--days', '30'];
    const unconfirmed = await cli.run(create);
    expect(unconfirmed).toMatchObject({ code: 2, stdout: '' });
    expect(unconfirmed.stderr).toContain('Give --password-stdin.');
    expect(await cli.run([...create, '--password-stdin'], 'not the password')).toMatchObject({ code: 3, stdout: '' });
    const made = await cli.run([...create, '--password-stdin'], PASSWORD);
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^phk_\w{36}\n$/) });
    expect(await cli.run(['whoami'])).toMatchObject({ code: 0 });
  });

  it('gives way to a token from the environment, which can neither confirm nor do more than its scopes', async () => {
    const { token } = await cli.json(['tokens', 'create', 'reader', '--scope', 'read', '--password-stdin'], PASSWORD);
    cli.environment = { ...cli.environment, PILOTHOUSE_TOKEN: token };
    expect(await cli.json(['whoami'])).toMatchObject({ kind: 'API_TOKEN', scopes: ['READ'] });
    expect(await cli.run(['groups', 'add', 'web'])).toEqual({
      code: 4,
      stdout: '',
      stderr: 'This token has only the scope read; groups.write needs manage.\n',
    });
    expect(await cli.run(['tokens', 'create', 'more', '--scope', 'read'])).toMatchObject({ code: 4, stdout: '' });
    delete cli.environment.PILOTHOUSE_TOKEN;
  });

  it('ends tokens by their name or the beginning of their id, where only one is meant', async () => {
    const make = () => cli.json(['tokens', 'create', 'twin', '--scope', 'read', '--password-stdin'], PASSWORD);
    await Promise.all([make(), make()]);
    expect(await cli.run(['tokens', 'revoke', 'twin'])).toEqual({
      code: 5,
      stdout: '',
      stderr: 'Several are meant by twin. Type more of the id.\n',
    });
    const [first] = (await cli.json(['tokens'])).filter(({ name }: { name: string }) => name === 'twin');
    const revoked = { code: 0, stdout: 'Revoked the token twin.\n', stderr: '' };
    expect(await cli.run(['tokens', 'revoke', first.id.slice(0, 30)])).toEqual(revoked);
    expect(await cli.run(['tokens', 'revoke', 'twin'])).toEqual(revoked);
    expect(await cli.run(['tokens', 'revoke', 'reader'])).toMatchObject({ code: 0 });
    expect(await cli.run(['tokens', 'revoke', 'reader'])).toMatchObject({
      code: 5,
      stderr: 'There is no token reader.\n',
    });
  });
});

describe('the way to the control plane', () => {
  it('accepts a certificate that nobody vouches for by its fingerprint alone, and remembers it', async () => {
    const front = await TlsFront.before(api.origin, join(cli.directory, 'tls'));
    const before = cli.environment;
    cli.environment = { ...before, PILOTHOUSE_URL: front.origin };
    try {
      const unpinned = await cli.run(LOGIN, PASSWORD);
      expect(unpinned).toMatchObject({ code: 6, stdout: '' });
      expect(unpinned.stderr).toContain('Nobody vouches for the certificate');
      const wrong = await cli.run([...LOGIN, '--pin', '0'.repeat(64)], PASSWORD);
      expect(wrong).toMatchObject({ code: 6, stdout: '' });
      expect(wrong.stderr).toContain('another certificate than the pinned one');
      expect(await cli.run([...LOGIN, '--pin', '0'.repeat(63)], PASSWORD)).toMatchObject({ code: 2, stdout: '' });
      expect(await cli.run([...LOGIN, '--pin', front.pin], PASSWORD)).toMatchObject({ code: 0, stderr: '' });
      expect(await cli.run(['whoami'])).toMatchObject({ code: 0, stderr: '' });
    } finally {
      cli.environment = before;
      await front.close();
    }
  });

  it.each([
    [
      ['--url', 'http://127.0.0.1:1'],
      6,
      /^Pilothouse cannot be reached at http:\/\/127\.0\.0\.1:1: nothing listens there\./,
    ],
    [['--url', 'ftp://example.test'], 2, /is not an address of a control plane/],
    [['--url', 'http://192.0.2.1'], 2, /is plain HTTP, which would show your token/],
    [['--url', 'https://example.test/path'], 2, /only scheme, host and port/],
  ])('says what is wrong with %j', async (options, code, sentence) => {
    const ended = await cli.run([...LOGIN, ...options], PASSWORD);
    expect(ended).toEqual({ code, stdout: '', stderr: expect.stringMatching(sentence) });
  });

  it('says it in JSON with --json', async () => {
    const { code, stdout, stderr } = await cli.run(['servers', 'show', 'nowhere', '--json']);
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(JSON.parse(stderr)).toEqual({
      error: { code: 'NOT_FOUND', message: 'There is no server nowhere. See pilothouse servers.' },
    });
  });
});

describe('the second factor', () => {
  it('is asked for by login, and a wrong code is refused', async () => {
    const secret = await enableTotp();
    const without = await cli.run(LOGIN, PASSWORD);
    expect(without).toMatchObject({ code: 3, stdout: '' });
    expect(without.stderr).toContain('Give --code');
    expect(await cli.run([...LOGIN, '--code', 'not-a-recovery-code'], PASSWORD)).toMatchObject({ code: 3, stdout: '' });
    // The code of the next step: that of this one was used when the app was confirmed.
    expect(await cli.run([...LOGIN, '--code', totp(secret, 1)], PASSWORD)).toMatchObject({ code: 0, stderr: '' });
  });

  async function enableTotp(): Promise<string> {
    const { controlPlanes } = JSON.parse(await readFile(cli.credentialsFile, 'utf8'));
    const token = await api.stepUp(controlPlanes[api.origin].token);
    const { data } = await api.ask(`mutation { startTotp { ... on TotpStarted { secret } } }`, { token });
    const { secret } = data.startTotp;
    const confirmed = await api.ask(
      `mutation ($code: String!) { confirmTotp(input: { code: $code }) { __typename ... on Refusal { message } } }`,
      { token, variables: { code: totp(secret, 0) } },
    );
    expect(confirmed.data.confirmTotp.__typename).toBe('TotpConfirmed');
    return secret;
  }
});

/** Fixed, so that the codes of a test keep their distance; the api takes those of a step before and after. */
const STEP = Math.floor(Date.now() / 30_000);

/** RFC 6238 with the usual 30 s, 6 digits and SHA-1. */
function totp(secret: string, stepsAhead: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(STEP + stepsAhead));
  const digest = createHmac('sha1', key).update(counter).digest();
  const offset = digest[19]! & 15;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
