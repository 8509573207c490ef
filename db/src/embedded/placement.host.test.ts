import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { identityOf, runsAsRoot, unprivilegedAccount } from './account.js';
import { installedBinaries, prepareBinaries } from './binaries.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import type { EmbeddedPostgres } from './embedded-postgres.types.js';
import { postmasterPid, stateDirectory, type StateDirectory } from './testing/scene.js';

const run = promisify(execFile);
const silent = () => undefined;

let open: StateDirectory;
let closed: StateDirectory;
let fallbackRoot: string;
const running: EmbeddedPostgres[] = [];

beforeEach(async () => {
  open = await stateDirectory();
  closed = await stateDirectory(0o700);
  fallbackRoot = join(dirname(open.path), 'elsewhere');
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((postgres) => postgres.stop()));
  await Promise.all([open.remove(), closed.remove()]);
});

async function start(stateDir: string, log: (line: string) => void = silent): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ stateDir, fallbackRoot, log, durable: false });
  running.push(postgres);
  return postgres;
}

test('of two control planes that start at once on an empty directory one wins and the other is refused', async () => {
  const [one, two] = await Promise.allSettled([start(open.path), start(open.path)]);
  expect([one.status, two.status].sort()).toEqual(['fulfilled', 'rejected']);
  const refused = one.status === 'rejected' ? one : (two as PromiseRejectedResult);
  expect(refused.reason).toMatchObject({ code: 'ALREADY_IN_USE' });
  expect(await readdir(join(open.path, 'postgres'))).not.toContainEqual(expect.stringMatching(/^(data\.new|initdb)/));
});

test('clears away what an interrupted creation left, and creates the cluster', async () => {
  const gone = 4_194_305; // above the largest process id there can be
  await mkdir(join(open.path, `postgres/data.new-${gone}-abc/base`), { recursive: true });
  await Promise.all([chmod(open.path, 0o711), chmod(join(open.path, 'postgres'), 0o711)]);
  await start(open.path);
  expect(await readdir(join(open.path, 'postgres'))).not.toContain(`data.new-${gone}-abc`);
});

test('refuses a state directory that cannot be written, in a sentence that names it', async () => {
  await writeFile(`${open.path}-file`, '');
  const path = join(`${open.path}-file`, 'state');
  await expect(start(path)).rejects.toMatchObject({
    code: 'STATE_NOT_WRITABLE',
    message: expect.stringContaining(path),
  });
});

test('refuses to begin anew when the data that it points to is gone', async () => {
  await mkdir(open.path);
  await writeFile(join(open.path, 'postgres.location'), '/nowhere/pilothouse\n');
  await expect(start(open.path)).rejects.toMatchObject({
    code: 'DATA_MISSING',
    message: expect.stringContaining('/nowhere/pilothouse'),
  });
});

describe.runIf(runsAsRoot())('as root', () => {
  test('runs the server as an account without privileges', async () => {
    const postgres = await start(open.path);
    const account = await unprivilegedAccount(silent);
    expect((await stat(`/proc/${await postmasterPid(postgres)}`)).uid).toBe(account.uid);
    expect(account.uid).toBeGreaterThan(0);
    expect((await stat(postgres.dataDir)).uid).toBe(account.uid);
    expect((await stat(join(open.path, 'postgres/postgresql.conf'))).uid).toBe(0);
  });

  test('starts under a umask that closes every new file', async () => {
    const before = process.umask(0o077);
    try {
      expect((await start(open.path)).dataDir).toBe(join(open.path, 'postgres/data'));
    } finally {
      process.umask(before);
    }
  });

  test('keeps the data elsewhere when that account cannot enter, says so, and finds it again', async () => {
    const said: string[] = [];
    const first = await start(closed.path, (line) => said.push(line));
    const home = dirname(first.dataDir);
    expect(dirname(home)).toBe(fallbackRoot);
    expect(said).toContainEqual(expect.stringMatching(/cannot enter .*: the database is kept in /));
    expect(await readFile(join(closed.path, 'postgres.location'), 'utf8')).toBe(`${home}\n`);
    await first.stop();

    await chmod(dirname(closed.path), 0o711);
    expect((await start(closed.path)).dataDir).toBe(first.dataDir);
  });

  test('leaves the data of an earlier installation in the same place alone', async () => {
    const earlier = await start(closed.path);
    await earlier.stop();
    await rm(closed.path, { recursive: true });

    const said: string[] = [];
    const anew = await start(closed.path, (line) => said.push(line));
    expect(dirname(anew.dataDir)).toBe(`${dirname(earlier.dataDir)}-2`);
    expect(said).toContainEqual(expect.stringContaining('left untouched'));
    expect(await readFile(join(earlier.dataDir, 'PG_VERSION'), 'utf8')).toBe('18\n');
  });

  test('refuses, rather than begin anew, when the account can no longer enter', async () => {
    await (await start(open.path)).stop();
    await chmod(dirname(open.path), 0o700);
    await expect(start(open.path)).rejects.toMatchObject({ code: 'STATE_NOT_ENTERABLE' });
    await chmod(dirname(open.path), 0o711);
  });

  test('copies the programs where the account can run them, and makes the links an install script did not', async () => {
    const installed = await installedBinaries();
    const hidden = join(dirname(closed.path), 'package');
    await cp(installed.root, hidden, { recursive: true, verbatimSymlinks: true });
    const links = JSON.parse(await readFile(join(hidden, 'native/pg-symlinks.json'), 'utf8')) as { target: string }[];
    for (const { target } of links) await rm(join(hidden, target));

    const account = await unprivilegedAccount(silent);
    const home = dirname(open.path);
    const placement = { stateDir: open.path, home, dataDir: join(home, 'data'), account };
    const { initdb, postgres } = await prepareBinaries(placement, { ...installed, root: hidden });
    expect(postgres.startsWith(join(home, 'binaries'))).toBe(true);
    for (const program of [initdb, postgres]) {
      const { stdout } = await run(program, ['--version'], { ...identityOf(account), cwd: '/' });
      expect(stdout).toContain('PostgreSQL) 18');
    }
  });
});
