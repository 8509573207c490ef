import { execFileSync } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createTestDatabase, type TestDatabase } from '@pilothouse/db/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readEnvironment } from '../../kernel/environment.js';
import { ensureInstallation, type Installation } from '../installation/installation.js';
import { runReleaseCommand } from './release-command.js';
import { BUILT_AGENT } from '../supervisor/programs.js';

let db: TestDatabase;
let directory: string;
let installation: Installation;
let agent: typeof BUILT_AGENT;

beforeEach(async () => {
  db = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'pilothouse-release-'));
  agent = Object.fromEntries(
    await Promise.all(
      Object.keys(BUILT_AGENT).map(async (name) => {
        const path = join(directory, name);
        await writeFile(path, name === 'manifest' ? '{ "version": "1.2.3" }' : name);
        return [name, path] as const;
      }),
    ),
  ) as unknown as typeof BUILT_AGENT;
  installation = await start();
});
afterEach(async () => {
  await db.drop();
  await rm(directory, { recursive: true });
});

const stateDir = () => join(directory, 'state');
const start = () => ensureInstallation({ stateDir: stateDir(), adminUrl: db.adminUrl, agent });

/** `npm run release`, given its standard input. */
async function release(args: readonly string[], typed = '') {
  const output = new PassThrough();
  const exitCode = await runReleaseCommand({
    args,
    readEnvironment: () => readEnvironment({ PILOTHOUSE_STATE_DIR: stateDir() }),
    agent,
    input: new PassThrough().end(typed),
    output,
  });
  return { exitCode, said: (output.read() as Buffer | null)?.toString() ?? '' };
}

const FROM_INPUT = ['--passphrase-stdin', '--without-node'];
const passphrase = () => `${installation.rootKeyPassphrase}\n`;

it('is made at the first start, when the root key is at hand', async () => {
  expect(await release(['status'])).toEqual({
    exitCode: 0,
    said: expect.stringMatching(
      /^Hosts are given agent 1\.2\.3 \([0-9a-f]{8}\), without Node: hosts that have none are refused\.\n$/,
    ),
  });
  expect(installation.advice).toBeNull();
  expect((await start()).advice).toBeNull();
});

it('is asked for at each start while another agent is built, and made with the passphrase', async () => {
  await writeFile(agent.runner, 'changed');
  const advice =
    /^The agent 1\.2\.3 \(\w{8}\) that is built here is not released: hosts are given 1\.2\.3 \(\w{8}\)\..*npm run release$/;
  expect((await start()).advice).toMatch(advice);
  const status = await release(['status']);
  expect([status.exitCode, status.said.split('\n')[1]]).toEqual([1, expect.stringMatching(advice)]);
  expect(await release(FROM_INPUT, passphrase())).toEqual({
    exitCode: 0,
    said: expect.stringMatching(
      /^Released agent 1\.2\.3 \(\w{8}\), without Node: hosts that have none are refused\.\n$/,
    ),
  });
  expect((await start()).advice).toBeNull();
});

it('is made with a root key that is kept elsewhere', async () => {
  const away = join(directory, 'root.pem');
  await copyFile(join(stateDir(), 'keys/root.encrypted.pem'), away);
  await rm(join(stateDir(), 'keys/root.encrypted.pem'));
  expect((await release(FROM_INPUT, passphrase())).said).toMatch(
    /cannot be read from .*Say where it is with --key FILE/,
  );
  expect(await release([...FROM_INPUT, '--key', away], passphrase())).toMatchObject({ exitCode: 0 });
});

it('is not made with a wrong passphrase, or the root key of another installation', async () => {
  const before = (await release(['status'])).said;
  await writeFile(agent.runner, 'changed');
  expect(await release(FROM_INPUT, 'WRONG\n')).toMatchObject({
    exitCode: 1,
    said: expect.stringContaining('This passphrase does not open the root key'),
  });
  const foreign = join(directory, 'foreign.pem');
  const options = ['-aes-256-cbc', '-pass', 'pass:secret', '-out', foreign];
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', ...options]);
  expect(await release([...FROM_INPUT, '--key', foreign], 'secret\n')).toMatchObject({
    exitCode: 1,
    said: expect.stringContaining('is not the root key of this installation'),
  });
  expect((await release(['status'])).said).toContain(before.trim());
});

it('is missing where the installation is older than releases, and a start says so', async () => {
  await rm(join(stateDir(), 'releases'), { recursive: true });
  expect((await start()).advice).toMatch(/^The agent is not released: no host can be given it\..*npm run release$/);
  expect((await release(['status'])).exitCode).toBe(1);
});

it('is explained where it is asked for wrongly', async () => {
  for (const args of [['stat'], ['--keys'], ['status', 'status']]) {
    expect(await release(args)).toMatchObject({
      exitCode: 2,
      said: expect.stringContaining('npm run release -- status'),
    });
  }
});
