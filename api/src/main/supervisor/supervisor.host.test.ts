import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { waitUntil } from '@pilothouse/db/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAlive, Place, type Supervised } from './testing/supervised.js';

const PASSPHRASE = /^Passphrase of the root key: (\S+)$/m;

let place: Place;
let running: Supervised[];

beforeEach(async () => {
  place = await Place.make();
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((supervised) => supervised.stop()));
  await place.remove();
});

function start(variables?: Record<string, string>): Supervised {
  const supervised = place.start(variables);
  running.push(supervised);
  return supervised;
}

/** Programs that must be gone once nothing of Pilothouse runs. */
async function pids(...names: string[]): Promise<number[]> {
  return Promise.all(names.map(async (name) => (await place.started(name)).pid));
}

test('shows a code to set up with, enrols this machine once there is an owner, and ends in the opposite order', async () => {
  const first = start();
  const address = await first.address();
  await first.says(/^Set-up code: ABCD-EFGH-JKMN$/m);
  await first.says(new RegExp(`^Continue with: npx pilothouse setup --url ${address}$`, 'm'));
  await fetch(`${address}/set-up`);
  await place.until('agent began');
  expect(await first.stop()).toBe(0);
  const events = await place.events();
  expect(events.slice(0, 2).sort()).toEqual(['api began', 'dashboard began']);
  expect(events.slice(2)).toEqual([
    'agent enrolled with the-token',
    'agent began',
    'agent ended',
    'dashboard ended',
    'api ended',
  ]);
});

test('a later start shows no code and no passphrase, and runs the agent without enrolling again', async () => {
  const first = start();
  await fetch(`${await first.address()}/set-up`);
  expect(PASSPHRASE.test(first.output)).toBe(true);
  await place.until('agent began');
  await first.stop();
  const second = start();
  await second.address();
  await place.until('agent began', 2);
  await second.stop();
  expect(second.output).not.toMatch(/code|Passphrase/);
  const enrolments = (await place.events()).filter((event) => /enrolled|asked for a token/.test(event));
  expect(enrolments).toHaveLength(1);
});

test('asks the api for a token where an owner exists and this machine is not enrolled', async () => {
  await mkdir(place.stateDir);
  await writeFile(join(place.stateDir, 'owner'), '');
  await start().address();
  await place.until('agent began');
  expect((await place.events()).filter((event) => event.includes('token'))).toEqual([
    'api was asked for a token',
    'agent enrolled with the-token',
  ]);
});

test('starts again what died, and says so', async () => {
  const supervised = start();
  const address = await supervised.address();
  await fetch(`${address}/die`).catch(() => undefined); // it dies before it answers
  await supervised.says(/^The api ended \(exit code 3\)\. Starting it again/m);
  await place.until('api began', 2);
  expect((await fetch(address)).status).toBe(200);
  await supervised.says(/(Set-up code: [^]*){2}/);
});

test('takes the next port where the wanted one is taken, and says so', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const supervised = start({ PILOTHOUSE_LISTEN: `127.0.0.1:${port}` });
  const address = new URL(await supervised.address());
  expect(Number(address.port)).toBeGreaterThan(port);
  expect(supervised.output).toContain(`Port ${port} is taken: listening on ${address.port}.`);
  other.close();
});

test('a second start on the same directory says where the first one runs, and leaves it alone', async () => {
  const first = start();
  const address = await first.address();
  const second = start();
  expect(await second.ended).toBe(1);
  expect(second.output).toContain(
    `Pilothouse already runs on ${place.stateDir} (${address}, process ${first.process.pid}).`,
  );
  expect((await fetch(address)).status).toBe(200);
});

test('after kill -9 its programs end by themselves, and the next start has the same port and data', async () => {
  const first = start();
  const address = await first.address();
  await fetch(`${address}/set-up`);
  await place.until('agent began');
  const left = await pids('api', 'dashboard', 'agent-run');
  await first.kill();
  const second = start({ PILOTHOUSE_LISTEN: new URL(address).host });
  expect(await second.address()).toBe(address);
  expect(left.filter(isAlive)).toEqual([]);
  expect(second.output).toContain('Adopted the PostgreSQL');
  expect(second.output).not.toMatch(PASSPHRASE);
});

test('nothing of it is left running after kill -9, without another start', async () => {
  const supervised = start();
  await supervised.address();
  const left = await pids('api', 'dashboard');
  await supervised.kill();
  await waitUntil(() => !left.some(isAlive));
  expect((await place.events()).slice(-2).sort()).toEqual(['api ended', 'dashboard ended']);
  await start().address(); // takes over PostgreSQL, so that it is stopped with the test
});

test('gives each program only what it needs: the dashboard nothing of ours, none a password of the database', async () => {
  const supervised = start({
    PILOTHOUSE_ALLOWED_ORIGINS: 'https://pilot.example.org',
    AWS_SECRET_ACCESS_KEY: 'canary',
  });
  const address = await supervised.address();
  await fetch(`${address}/set-up`);
  await place.until('agent began');
  const variablesOf = async (name: string) => {
    const { variables } = await place.started(name);
    // Node's own, by which parent and child speak.
    const { NODE_CHANNEL_FD: _fd, NODE_CHANNEL_SERIALIZATION_MODE: _mode, ...own } = variables;
    return own;
  };
  const dashboard = await variablesOf('dashboard');
  expect(Object.keys(dashboard).sort()).toEqual([
    'HOSTNAME',
    'NEXT_TELEMETRY_DISABLED',
    'NODE_ENV',
    'PATH',
    'PORT',
    'TZ',
  ]);
  const api = await variablesOf('api');
  expect(api['PILOTHOUSE_DATABASE_URL']).toMatch(/^postgres:\/\/127\.0\.0\.1:\d+\/pilothouse$/);
  expect(api['PILOTHOUSE_ALLOWED_ORIGINS']).toBe(`https://pilot.example.org,http://localhost:${new URL(address).port}`);
  const all = JSON.stringify([dashboard, api, await variablesOf('agent-run'), await variablesOf('agent-enrol')]);
  const passwords = Object.values(
    JSON.parse(await readFile(join(place.stateDir, 'database-roles.json'), 'utf8')) as object,
  );
  const secrets = [
    ...passwords,
    await readFile(join(place.stateDir, 'postgres.password'), 'utf8'),
    'canary',
    'the-token',
  ];
  expect(secrets.filter((secret) => all.includes(String(secret)))).toEqual([]);
  expect((await place.started('agent-enrol')).arguments.join(' ')).not.toContain('the-token');
});

test('keeps what is shown once out of its log, and everything it writes closed to others', async () => {
  const supervised = start();
  await fetch(`${await supervised.address()}/set-up`);
  await place.until('agent began');
  const passphrase = (await supervised.says(PASSPHRASE))[1] ?? '';
  await supervised.stop();
  const log = await readFile(join(place.stateDir, 'logs/supervisor.log'), 'utf8');
  expect(log).toContain('Pilothouse is ready');
  expect(await readFile(join(place.stateDir, 'logs/api.log'), 'utf8')).toBe('Listening\n');
  expect(log).not.toMatch(new RegExp(`ABCD-EFGH|the-token|${passphrase}`));
  for (const name of ['logs/supervisor.log', 'logs/api.log', 'agent.yaml', 'children.json', 'supervisor.lock']) {
    expect([name, (await stat(join(place.stateDir, name))).mode & 0o077]).toEqual([name, 0]);
  }
});

test('gives up with the api’s own words when it cannot be started, and leaves nothing running', async () => {
  await mkdir(place.stateDir);
  await writeFile(join(place.stateDir, 'broken'), '');
  const supervised = start();
  expect(await supervised.ended).toBe(1);
  expect(supervised.output).toContain('api │ The key file is missing.');
  expect(supervised.output).toContain('The api ended 3 times before it listened');
  expect((await pids('api', 'dashboard')).filter(isAlive)).toEqual([]);
});

test('names the variable that is wrong, and starts nothing', async () => {
  const supervised = start({ PILOTHOUSE_LISTEN: 'everywhere' });
  expect(await supervised.ended).toBe(1);
  expect(supervised.output).toContain('PILOTHOUSE_LISTEN: must be ADDRESS:PORT');
});

test('a second Ctrl-C does not wait for a program that does not end', async () => {
  const supervised = start();
  await supervised.address();
  await writeFile(join(place.stateDir, 'stubborn'), '');
  supervised.process.kill('SIGINT');
  await place.until('api ended');
  supervised.process.kill('SIGINT');
  const before = performance.now();
  expect(await supervised.ended).toBe(0);
  expect(performance.now() - before).toBeLessThan(8_000); // without the second one it is 10 s
  expect((await pids('api')).filter(isAlive)).toEqual([]);
});

test('Ctrl-C while it starts ends what was started so far', async () => {
  const supervised = start();
  await supervised.says(/Creating a PostgreSQL/);
  expect(await supervised.stop()).toBe(0);
  expect(supervised.output).not.toContain('ready');
  expect(await place.events()).toEqual([]);
  const again = start();
  await again.address();
});

test('ends everything, the database too, when nobody reads its terminal any more', async () => {
  const supervised = start();
  await supervised.address();
  await place.until('dashboard began');
  const [postmaster = ''] = (await readFile(join(place.stateDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n');
  const left = [...(await pids('api', 'dashboard')), Number(postmaster)];
  expect(left.every(isAlive)).toBe(true);
  supervised.process.stdout.destroy();
  expect(await supervised.stop()).toBe(0);
  expect(left.filter(isAlive)).toEqual([]);
  expect(await readFile(join(place.stateDir, 'logs', 'supervisor.log'), 'utf8')).toContain('Stopped.');
});
