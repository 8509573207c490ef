import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withClient } from '../testing/test-database.js';
import { identityOf } from './account.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import type { EmbeddedPostgres } from './embedded-postgres.types.js';
import { waitUntil } from '../testing/index.js';
import { postmasterPid, startInOwnProcess, stateDirectory, type StateDirectory } from './testing/scene.js';

describe('one cluster through its life', () => {
  let state: StateDirectory;
  let running: EmbeddedPostgres | undefined;
  const said: string[] = [];
  const start = async (port?: number) => {
    running = await startEmbeddedPostgres({ stateDir: state.path, log: (line) => said.push(line), port });
    return running;
  };

  beforeAll(async () => {
    state = await stateDirectory();
  });
  afterAll(async () => {
    await running?.stop();
    await state.remove();
  });

  test('keeps data and port over a stop and a start', async () => {
    const first = await start();
    await withClient(first.adminUrl, (client) => client.query('create table kept as select 42 as answer'));
    await first.stop();

    const second = await start();
    expect(second).toMatchObject({ adopted: false, port: first.port, adminUrl: first.adminUrl });
    expect(await answer(second)).toBe(42);
  });

  test('promises durability, and listens on this host only', async () => {
    const settings = await withClient(running!.adminUrl, async (client) => {
      const { rows } = await client.query<{ name: string; setting: string }>('select name, setting from pg_settings');
      return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
    });
    expect(settings).toMatchObject({
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'on',
      wal_level: 'replica',
      data_checksums: 'on',
      password_encryption: 'scram-sha-256',
      server_encoding: 'UTF8',
      listen_addresses: '127.0.0.1',
      unix_socket_permissions: '0700',
      TimeZone: 'UTC',
    });
  });

  test('sorts by code point whatever the host is set to', async () => {
    const found = await withClient(running!.adminUrl, (client) =>
      client.query(
        `select datlocprovider as provider, datlocale as locale from pg_database where datname = current_database()`,
      ),
    );
    expect(found.rows).toEqual([{ provider: 'b', locale: 'C.UTF-8' }]);
  });

  test('refuses a connection without the right password, over TCP and over the socket', async () => {
    const wrong = new URL(running!.adminUrl);
    wrong.password = 'guess';
    await expect(withClient(wrong.href, (client) => client.query('select 1'))).rejects.toMatchObject({ code: '28P01' });

    const bySocket = { host: running!.dataDir, port: running!.port, user: 'ph_admin', password: 'guess' };
    await expect(new Client({ ...bySocket, database: 'postgres' }).connect()).rejects.toMatchObject({ code: '28P01' });
  });

  test('keeps secrets and data from other accounts', async () => {
    const mode = async (path: string) => (await stat(path)).mode & 0o777;
    expect(await mode(join(state.path, 'postgres.password'))).toBe(0o600);
    expect(await mode(running!.dataDir)).toBe(0o700);
  });

  test('does not hand our environment to the server', async () => {
    const environment = await readFile(`/proc/${await postmasterPid(running!)}/environ`, 'utf8');
    expect(environment).not.toContain('NODE_ENV');
    expect(environment).toContain('LC_ALL=C');
  });

  test('refuses a second control plane and goes on serving the first', async () => {
    const second = startEmbeddedPostgres({ stateDir: state.path });
    await expect(second).rejects.toMatchObject({
      code: 'ALREADY_IN_USE',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    expect(await answer(running!)).toBe(42);
  });

  test('brings PostgreSQL back by itself after kill -9, with everything that was committed', async () => {
    const killed = await postmasterPid(running!);
    await withClient(running!.adminUrl, (client) => client.query('update kept set answer = 43'));
    process.kill(killed, 'SIGKILL');
    await waitUntil(() => said.some((line) => line.startsWith('PostgreSQL is back')));
    expect(await answer(running!)).toBe(43);
    expect(await postmasterPid(running!)).not.toBe(killed);
  });

  test('brings its session back when only one server process was killed', async () => {
    said.length = 0;
    const postmaster = await postmasterPid(running!);
    await withClient(running!.adminUrl, async (client) => {
      client.on('error', () => undefined);
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      process.kill(rows[0]!.pid, 'SIGKILL');
      await new Promise((resolve) => client.once('end', resolve));
    });
    await waitUntil(() => said.some((line) => line.startsWith('PostgreSQL is back')));
    expect(await postmasterPid(running!)).toBe(postmaster);
    await expect(startEmbeddedPostgres({ stateDir: state.path })).rejects.toMatchObject({ code: 'ALREADY_IN_USE' });
  });

  test('stops when told twice, and when the server is gone already', async () => {
    await Promise.all([running!.stop(), running!.stop()]);
    await expect(withClient(running!.adminUrl, (client) => client.query('select 1'))).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });

  test('is not misled by a lock file that names an unrelated living process of the same account', async () => {
    const { uid, gid } = await stat(running!.dataDir);
    const unrelated = spawn('sleep', ['60'], { ...identityOf({ uid, gid, name: '' }), cwd: '/' });
    await once(unrelated, 'spawn');
    const lines = [unrelated.pid, running!.dataDir, 0, running!.port, '.', '127.0.0.1', '', 'ready'];
    await writeFile(join(running!.dataDir, 'postmaster.pid'), lines.join('\n'));
    expect(await answer(await start())).toBe(43);
    unrelated.kill();
    await running!.stop();
  });

  test('takes the next free port when another program has its own, says so, and keeps the new one', async () => {
    const { port } = running!;
    said.length = 0;
    const squatter = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => squatter.once('listening', resolve));
    const moved = await start();
    expect(moved.port).toBeGreaterThan(port);
    expect(said).toContain(`Port ${port} is taken: PostgreSQL listens on ${moved.port}`);
    await moved.stop();
    await new Promise((resolve) => squatter.close(resolve));

    expect((await start()).port).toBe(moved.port);
    await running!.stop();
  });

  test('survives the Ctrl-C that ends its control plane, and is adopted by the next', async () => {
    const earlier = await startInOwnProcess(state.path);
    await earlier.interruptGroup();
    const adopted = await start();
    expect(adopted).toMatchObject({ adopted: true, port: earlier.port });
    expect(await postmasterPid(adopted)).toBe(earlier.postmasterPid);
    await adopted.stop();
  });

  test('is adopted after kill -9 of the control plane, at once', async () => {
    const earlier = await startInOwnProcess(state.path);
    await earlier.kill();
    const adopted = await start();
    expect(await postmasterPid(adopted)).toBe(earlier.postmasterPid);
    expect(await answer(adopted)).toBe(43);
    await adopted.stop();
  });

  test('recovers when control plane and PostgreSQL were both killed', async () => {
    const earlier = await startInOwnProcess(state.path);
    await withClient(earlier.adminUrl, (client) => client.query('update kept set answer = 44'));
    await earlier.kill();
    process.kill(earlier.postmasterPid, 'SIGKILL');
    const recovered = await start();
    expect(recovered.adopted).toBe(false);
    expect(await answer(recovered)).toBe(44);
    await recovered.stop();
  });

  test('starts anew what a version with other settings left running', async () => {
    const earlier = await startInOwnProcess(state.path);
    await earlier.kill();
    running = await startEmbeddedPostgres({ stateDir: state.path, durable: false });
    expect(running.adopted).toBe(false);
    expect(await postmasterPid(running)).not.toBe(earlier.postmasterPid);
    await running.stop();
  });

  test('refuses a password file that is not this database’s, and leaves nothing running', async () => {
    const path = join(state.path, 'postgres.password');
    const password = await readFile(path, 'utf8');
    await writeFile(path, 'another');
    await expect(startEmbeddedPostgres({ stateDir: state.path })).rejects.toMatchObject({ code: 'PASSWORD_LOST' });
    await expect(stat(join(running!.dataDir, 'postmaster.pid'))).rejects.toMatchObject({ code: 'ENOENT' });

    await rm(path);
    await expect(startEmbeddedPostgres({ stateDir: state.path })).rejects.toMatchObject({ code: 'PASSWORD_LOST' });
    await writeFile(path, password);
  });

  test('refuses the data of another major version', async () => {
    await writeFile(join(running!.dataDir, 'PG_VERSION'), '17\n');
    await expect(startEmbeddedPostgres({ stateDir: state.path })).rejects.toMatchObject({
      code: 'WRONG_MAJOR_VERSION',
      message: expect.stringMatching(/made by PostgreSQL 17 .* brings 18/),
    });
  });
});

async function answer({ adminUrl }: EmbeddedPostgres): Promise<unknown> {
  return withClient(adminUrl, async (client) => (await client.query('select answer from kept')).rows[0].answer);
}
