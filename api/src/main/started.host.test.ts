import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, Operator, StartedPilothouse } from '../testing/index.js';

let pilothouse: StartedPilothouse;
let operator: Operator;
let serverId: string;
let effects: string;

beforeAll(async () => {
  effects = await mkdtemp(join(tmpdir(), 'pilothouse-effects-'));
  pilothouse = await StartedPilothouse.start();
});
afterAll(async () => {
  await pilothouse?.remove();
  await rm(effects, { recursive: true, force: true });
});

/** Whose command line or environment names this installation. */
async function processesOf({ directory }: StartedPilothouse): Promise<string[]> {
  const found = [];
  for (const pid of await readdir('/proc')) {
    const [line = '', environment = ''] = await Promise.all(
      ['cmdline', 'environ'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')),
    );
    if (line.includes(directory) || environment.includes(directory)) found.push(`${pid} ${line.replaceAll('\0', ' ')}`);
  }
  return found;
}

const online = () => operator.untilState(serverId, 'ONLINE');
const startsOf = async (name: string) =>
  (await readFile(join(effects, name), 'utf8').catch(() => '')).split('\n').length - 1;

it('says at its first start where it is, the set-up code and, once, the passphrase of the root key', async () => {
  expect(pilothouse.output).toMatch(/^Passphrase of the root key: (\w{4}-?)+$/m);
  operator = new Operator(pilothouse, await pilothouse.setUp());
  serverId = await eventually(async () => (await operator.servers())[0]?.id ?? null);
  await online();
});

it('shows a fresh clone’s page and its health on the one port', async () => {
  const page = await fetch(pilothouse.origin);
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(await page.text()).toContain('Pilothouse');
  expect(await (await fetch(`${pilothouse.origin}/healthz`)).json()).toMatchObject({ status: 'ok' });
});

it('gives hosts the agent that was built with it, from its first start on', async () => {
  const script = await (await fetch(`${pilothouse.origin}/install.sh`)).text();
  expect(script).toContain(`\nurl='${pilothouse.origin}'\n`);
  const sums = await (await fetch(`${pilothouse.origin}/releases/SHA256SUMS`)).text();
  const names = [...sums.matchAll(/^[0-9a-f]{64} {2}(pilothouse-agent-\S+)$/gm)].map(([, name]) => name);
  expect(names).toHaveLength(2);
  for (const name of names) expect((await fetch(`${pilothouse.origin}/releases/${name}`)).status).toBe(200);
});

/** A command that notes each of its starts; acknowledged, however often it had to be asked for. */
function noted(name: string, script = ''): Promise<string> {
  const argv = ['sh', '-c', `echo started >> ${join(effects, name)}; ${script}`];
  return eventually(() => operator.run(serverId, { argv }, { idempotencyKey: name, whenOffline: 'DELIVER' }));
}

const untilRunning = (id: string) =>
  eventually(async () => ((await operator.command(id)).state === 'RUNNING' ? true : null));

it('loses nothing it has acknowledged when its api is killed, and runs each command once', async () => {
  const gate = join(effects, 'gate');
  const running = await noted('running', `until [ -e ${gate} ]; do sleep 0.05; done; echo done`);
  await untilRunning(running);
  const queued = [];
  for (let number = 0; number < 8; number += 1) queued.push(await noted(`queued-${number}`));
  process.kill(await pilothouse.pidOf('api'), 'SIGKILL');
  await pilothouse.says(/The api ended \(SIGKILL\)/);
  await writeFile(gate, '');
  const afterwards = await noted('afterwards');
  for (const id of [running, ...queued, afterwards]) {
    expect(await operator.finished(id)).toMatchObject({ state: 'SUCCEEDED' });
  }
  expect(await operator.output(running)).toBe('done\n');
  const names = ['running', ...queued.map((_, number) => `queued-${number}`), 'afterwards'];
  for (const name of names) expect([name, await startsOf(name)]).toEqual([name, 1]);
});

it('goes on when its database is killed', async () => {
  const before = await noted('before-database');
  const killed = await pilothouse.pidOfDatabase();
  process.kill(killed, 'SIGKILL');
  await eventually(async () => ((await pilothouse.pidOfDatabase().catch(() => killed)) === killed ? null : true));
  expect(await operator.finished(await noted('after-database'))).toMatchObject({ state: 'SUCCEEDED' });
  expect(await operator.finished(before)).toMatchObject({ state: 'SUCCEEDED' });
  expect([await startsOf('before-database'), await startsOf('after-database')]).toEqual([1, 1]);
});

it('is ready again after Ctrl-C, knows everybody, and gives neither code nor passphrase', async () => {
  const running = await operator.run(serverId, { argv: ['sleep', '600'] });
  await untilRunning(running);
  expect(await pilothouse.stop()).toBe(0);
  expect(await processesOf(pilothouse)).toEqual([]);
  const said = pilothouse.output.length;
  await pilothouse.startAgain();
  await online();
  expect(pilothouse.output.slice(said)).not.toMatch(/code|Passphrase/);
  expect(await operator.command(running)).toMatchObject({
    state: 'CANCELLED',
    reason: expect.stringContaining('stopped'),
  });
});
