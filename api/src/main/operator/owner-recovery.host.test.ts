import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { generateRolePasswords, keepRolePasswords, migrate } from '@pilothouse/db';
import { startEmbeddedPostgres } from '@pilothouse/db/embedded';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TestApi } from '../../testing/index.js';
import { ensureInstallation } from '../installation/installation.js';
import { recoverFromCommandLine, type InstallationPlace } from './owner-recovery.js';

const EMAIL = 'owner@example.test';
const NEW_PASSWORD = 'another horse battery staple';

/** Runs the command. `typed` goes to a terminal line by line, each once it is asked for; `piped` to standard input. */
async function recover(place: InstallationPlace, args: string[], given: { typed?: string[]; piped?: string } = {}) {
  const input = new PassThrough() as PassThrough & { isTTY?: boolean };
  let said = '';
  const typed = [...(given.typed ?? [])];
  const output = {
    write: (text: string) => {
      said += text;
      if (text.endsWith(': ')) setImmediate(() => input.write(`${typed.shift()}\r`));
      return true;
    },
  };
  if (given.typed) input.isTTY = true;
  if (given.piped !== undefined) input.end(given.piped);
  const exitCode = await recoverFromCommandLine({ args, place: () => place, input, output });
  return { exitCode, said };
}

describe('an owner who is locked out', () => {
  let api: TestApi;
  let place: InstallationPlace;
  let token: string;
  beforeAll(async () => {
    api = await TestApi.start();
    ({ token } = await api.setUp(EMAIL));
    const appPassword = decodeURIComponent(new URL(api.db.appUrl).password);
    const passwords = { ...generateRolePasswords(), ph_app: appPassword };
    await writeFile(join(api.stateDir, 'database-roles.json'), JSON.stringify(passwords), { mode: 0o600 });
    const address = new URL(api.db.adminUrl);
    address.username = address.password = '';
    place = { stateDir: api.stateDir, databaseUrl: address.href };
  });
  afterAll(() => api.stop());

  const signIn = async (password: string) => {
    const { data } = await api.ask(
      'mutation ($input: SignInInput!) { signIn(input: $input) { __typename ... on SignedIn { token } } }',
      { variables: { input: { email: EMAIL, password, client: 'CLI' } } },
    );
    return data.signIn as { __typename: string; token?: string };
  };

  test.each<[string, string[], { typed?: string[]; piped?: string }, number, RegExp]>([
    ['without an address', [], {}, 2, /--email ADDRESS/],
    ['with an argument there is not', ['--email', EMAIL, '--force'], {}, 2, /--email ADDRESS/],
    ['with the password as an argument', ['--email', EMAIL, NEW_PASSWORD], {}, 2, /--email ADDRESS/],
    ['without a terminal to ask at', ['--email', EMAIL], {}, 1, /no terminal .* --password-stdin/],
    ['with two passwords that differ', ['--email', EMAIL], { typed: [NEW_PASSWORD, 'x'] }, 1, /differ/],
    ['with a short password', ['--email', EMAIL, '--password-stdin'], { piped: 'elevenchars' }, 1, /12 characters/],
    ['with a long one', ['--email', EMAIL, '--password-stdin'], { piped: 'x'.repeat(1027) }, 1, /at most 1024 bytes/],
    ['for nobody', ['--email', 'a@b.test', '--password-stdin'], { piped: NEW_PASSWORD }, 1, /account was not found/],
  ])('is not helped %s, and nothing changes', async (_how, args, given, code, sentence) => {
    const { exitCode, said } = await recover(place, args, given);
    expect(exitCode).toBe(code);
    expect(said).toMatch(sentence);
    expect((await signIn(NEW_PASSWORD)).__typename).toBe('SignInRefused');
  });

  test('types a new password that no screen shows, while Pilothouse runs, and every session ends', async () => {
    const live = api.socket({ token });
    const closed = new Promise<void>((resolve) => live.on('closed', () => resolve()));
    const watching = live.iterate({ query: 'subscription { serverChanged { seq } }' });
    const ended = watching.next().catch(() => undefined); // the socket is closed under it
    await new Promise<void>((resolve) => live.on('connected', () => resolve()));
    const { exitCode, said } = await recover(place, ['--email', EMAIL], { typed: [NEW_PASSWORD, NEW_PASSWORD] });
    expect({ exitCode, said }).toEqual({
      exitCode: 0,
      said: 'New password: \nThe same again: \nDone: the password is changed, the second factor is off, and every session and API token has ended.\n',
    });
    await Promise.all([closed, ended]);
    expect((await api.ask('{ me { person { id } } }', { token })).code).toBe('UNAUTHENTICATED');
    expect((await signIn(NEW_PASSWORD)).__typename).toBe('SignedIn');
    const entries = await api.sql(`select actor_kind, chain from audit_entries where action = 'owner-recovered'`);
    expect(entries).toEqual([{ actor_kind: 'SYSTEM', chain: 'installation' }]);
  });

  test('ends API tokens, or keeps them where that is said', async () => {
    const session = (await signIn(NEW_PASSWORD)).token!;
    const made = await api.ask(
      `mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { ... on ApiTokenCreated { token } } }`,
      { token: session, variables: { input: { name: 'ci', scopes: ['READ'], idempotencyKey: 'ci' } } },
    );
    const { token: apiToken } = made.data.createApiToken as { token: string };
    const codeOf = async () => (await api.ask('{ servers { nodes { id } } }', { token: apiToken })).code;
    const args = ['--email', EMAIL, '--password-stdin'];
    const kept = await recover(place, [...args, '--keep-api-tokens'], { piped: NEW_PASSWORD });
    expect(kept).toMatchObject({ exitCode: 0, said: expect.stringContaining('API tokens stay') });
    expect(await codeOf()).toBeUndefined();
    const ended = await recover(place, args, { piped: NEW_PASSWORD });
    expect(ended).toMatchObject({ exitCode: 0, said: expect.stringContaining('API token has ended') });
    expect(await codeOf()).toBe('UNAUTHENTICATED');
  });
});

describe('the embedded database', () => {
  let directory: string;
  afterEach(() => rm(directory, { recursive: true, force: true }));

  test('is found while a control plane runs on it, and started where none does', async () => {
    directory = await mkdtemp(join(tmpdir(), 'pilothouse-recovery-'));
    await chmod(directory, 0o711); // As root, PostgreSQL's own account passes through.
    const stateDir = join(directory, 'state');
    const running = await startEmbeddedPostgres({ stateDir });
    try {
      await migrate({ adminUrl: running.adminUrl, rolePasswords: await keepRolePasswords(stateDir) });
      await ensureInstallation({ stateDir, adminUrl: running.adminUrl });
      await addAccount(running.adminUrl);
      const place = { stateDir, databaseUrl: null };
      const args = ['--email', EMAIL, '--password-stdin'];
      expect(await recover(place, args, { piped: NEW_PASSWORD })).toMatchObject({ exitCode: 0 });
      await running.stop();
      expect(await recover(place, args, { piped: `${NEW_PASSWORD}\n` })).toMatchObject({ exitCode: 0 });
    } finally {
      await running.stop();
    }
    const again = await startEmbeddedPostgres({ stateDir });
    expect(again.adopted).toBe(false);
    expect(await recoveries(again.adminUrl)).toBe(2);
    await again.stop();
  });

  test('is not begun in a directory that holds no installation', async () => {
    directory = await mkdtemp(join(tmpdir(), 'pilothouse-recovery-'));
    const args = ['--email', EMAIL, '--password-stdin'];
    const { exitCode, said } = await recover({ stateDir: directory, databaseUrl: null }, args, { piped: NEW_PASSWORD });
    expect(exitCode).toBe(1);
    expect(said).toContain('keys/root.public.json cannot be read from the state directory');
    expect(await readdir(directory)).toEqual([]);
  });
});

async function asAdmin<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const addAccount = (url: string) =>
  asAdmin(url, (client) =>
    client.query(
      `insert into users (id, email, display_name, password_hash, password_changed_at, created_at)
       values (gen_random_uuid(), $1, 'Owner', 'none', now(), now())`,
      [EMAIL],
    ),
  );

const recoveries = (url: string) =>
  asAdmin(url, async (client) => {
    const { rows } = await client.query(`select 1 from audit_entries where action = 'owner-recovered'`);
    return rows.length;
  });
