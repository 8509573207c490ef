import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@pilothouse/db/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readEnvironment } from '../../kernel/environment.js';
import { runPrepareCommand } from './prepare-command.js';
import { BUILT_AGENT } from '../supervisor/programs.js';

let db: TestDatabase;
let directory: string;
let agent: typeof BUILT_AGENT;

beforeEach(async () => {
  db = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'pilothouse-prepare-'));
  await writeFile(join(directory, 'database-url'), `${db.adminUrl}\n`);
  await writeFile(join(directory, 'roles.json'), JSON.stringify(db.rolePasswords));
  agent = Object.fromEntries(
    await Promise.all(
      Object.keys(BUILT_AGENT).map(async (name) => {
        await writeFile(join(directory, name), name === 'manifest' ? '{ "version": "1.2.3" }' : name);
        return [name, join(directory, name)] as const;
      }),
    ),
  ) as unknown as typeof BUILT_AGENT;
});
afterEach(async () => {
  await db.drop();
  await rm(directory, { recursive: true });
});

const stateDir = () => join(directory, 'state');

async function prepare(args: readonly string[], without: readonly string[] = []) {
  const said: string[] = [];
  const variables = {
    PILOTHOUSE_STATE_DIR: stateDir(),
    PILOTHOUSE_PUBLIC_URL: 'https://pilot.example',
    PILOTHOUSE_DATABASE_URL_FILE: join(directory, 'database-url'),
    PILOTHOUSE_DATABASE_ROLES_FILE: join(directory, 'roles.json'),
  };
  const given = Object.entries(variables).filter(([name]) => !without.includes(name));
  const exitCode = await runPrepareCommand({
    args,
    readEnvironment: () => readEnvironment(Object.fromEntries(given)),
    agent,
    say: (line) => void said.push(line),
  });
  return { exitCode, said: said.join('\n') };
}

it('makes keys, certificate and the first release once, and says the passphrase then only', async () => {
  expect(await prepare(['install'])).toEqual({
    exitCode: 0,
    said: expect.stringMatching(/SHA-256 [0-9a-f]{64}\n[^]*Passphrase of the root key: (\w{4}-){5}\w{4}\n/),
  });
  expect((await readdir(stateDir())).sort()).toEqual(['keys', 'releases', 'signer', 'tls']);
  const key = await readFile(join(stateDir(), 'signer/command.pem'), 'utf8');
  const again = await prepare(['install']);
  expect(again).toEqual({ exitCode: 0, said: expect.stringContaining('nothing was changed') });
  expect(again.said).not.toContain('Passphrase');
  expect(await readFile(join(stateDir(), 'signer/command.pem'), 'utf8')).toBe(key);
});

it('brings only what is installed up to date, and makes nothing then', async () => {
  expect(await prepare(['migrate'])).toEqual({
    exitCode: 1,
    said: 'Nothing is installed here yet: run "prepare install" first.',
  });
  await prepare(['install']);
  expect(await prepare(['migrate'])).toEqual({
    exitCode: 0,
    said: expect.stringMatching(/^The database is up to date/),
  });
  await writeFile(agent.program, 'changed');
  expect((await prepare(['migrate'])).said).toContain('is not released');
});

it('says a fresh code for set-up each time', async () => {
  await prepare(['install']);
  const codes = [await prepare(['setup-code']), await prepare(['setup-code'])].map(({ said }) => said);
  for (const code of codes) expect(code).toMatch(/^Set-up code: (\w{4}-){2}\w{4}$/);
  expect(codes[0]).not.toBe(codes[1]);
});

it.each(['PILOTHOUSE_DATABASE_URL', 'PILOTHOUSE_DATABASE_ROLES_FILE', 'PILOTHOUSE_PUBLIC_URL'])(
  'installs nothing without %s',
  async (name) => {
    expect(await prepare(['install'], [name, `${name}_FILE`])).toEqual({
      exitCode: 1,
      said: expect.stringContaining(name),
    });
  },
);

it('refuses passwords that are too short, or not all of them', async () => {
  const { ph_app: _, ...fewer } = db.rolePasswords;
  for (const wrong of [
    fewer,
    { ...db.rolePasswords, ph_app: 'short' },
    { ...db.rolePasswords, other: 'x'.repeat(32) },
  ]) {
    await writeFile(join(directory, 'roles.json'), JSON.stringify(wrong));
    expect(await prepare(['install'])).toEqual({
      exitCode: 1,
      said: expect.stringContaining('does not hold the passwords'),
    });
  }
});

it('knows its commands and nothing else', async () => {
  for (const args of [[], ['melt'], ['install', 'now'], ['constructor']]) {
    expect(await prepare(args)).toMatchObject({ exitCode: 2, said: expect.stringContaining('prepare install') });
  }
});
