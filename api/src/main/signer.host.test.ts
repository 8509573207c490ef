import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { servedPort } from '@pilothouse/db/embedded';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hostVariables } from '../kernel/environment.js';
import { eventually, Operator, StartedPilothouse } from '../testing/index.js';

const SIGNER = fileURLToPath(new URL('../../dist/main/signer.js', import.meta.url));

/** Pilothouse as an operator starts it, and the signer beside it, each with a state directory of its own. */
let pilothouse: StartedPilothouse;
let operator: Operator;
let serverId: string;
let signerState: string;
let socket: string;
let signer: ChildProcess | null = null;

beforeAll(async () => {
  pilothouse = await StartedPilothouse.start();
  operator = new Operator(pilothouse, await pilothouse.setUp());
  serverId = await eventually(async () => (await operator.servers())[0]?.id ?? null);
  await pilothouse.stop();
  signerState = join(pilothouse.directory, 'signer-state');
  socket = join(pilothouse.directory, 'signer.sock');
});
afterAll(async () => {
  await endSigner('SIGTERM');
  await pilothouse?.remove();
});

const startWithSocket = () => pilothouse.startAgain({ PILOTHOUSE_SIGNER_SOCKET: socket });

/** What an operator does who gives the signer a place of its own. */
async function moveSigner(): Promise<void> {
  await mkdir(signerState, { mode: 0o700 });
  await rename(join(pilothouse.stateDir, 'signer'), join(signerState, 'signer'));
  const passwords = JSON.parse(await readFile(join(pilothouse.stateDir, 'database-roles.json'), 'utf8')) as object;
  const own = Object.entries(passwords).filter(([role]) => role === 'ph_signer');
  await writeFile(join(signerState, 'database-roles.json'), JSON.stringify(Object.fromEntries(own)), { mode: 0o600 });
}

async function signerVariables(): Promise<Record<string, string>> {
  return {
    ...hostVariables(),
    PILOTHOUSE_STATE_DIR: signerState,
    PILOTHOUSE_SIGNER_SOCKET: socket,
    PILOTHOUSE_DATABASE_URL: `postgres://127.0.0.1:${await servedPort(pilothouse.stateDir)}/pilothouse`,
  };
}

async function startSigner(): Promise<void> {
  signer = spawn(process.execPath, [SIGNER, 'run'], {
    env: await signerVariables(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(signer.stdout!, 'data'); // it says that it listens
}

/** @returns its exit code, null after a kill. */
async function endSigner(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
  const child = signer;
  signer = null;
  if (!child) return null;
  const exited = once(child, 'exit');
  child.kill(signal);
  return (await exited)[0] as number | null;
}

/** What the operator's command says, and its exit code. */
async function signerCommand(...args: string[]): Promise<{ code: number; said: string }> {
  const env = await signerVariables();
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [SIGNER, ...args], { env });
    return { code: 0, said: stdout };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { code, said: stdout };
  }
}

const echo = () => eventually(() => operator.run(serverId, { argv: ['echo', 'signed'] }, { whenOffline: 'DELIVER' }));
const commandCount = async () => (await operator.history(serverId)).length;

async function expectUnavailable(): Promise<void> {
  const before = await commandCount();
  await expect(operator.run(serverId, { argv: ['true'] })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(await commandCount()).toBe(before);
}

it('keeps the api from starting while that could sign by itself', async () => {
  const said = async () => {
    await pilothouse.says(/could still sign by itself: it can read signer\/command\.pem/);
    await pilothouse.stop();
  };
  await Promise.all([expect(startWithSocket()).rejects.toThrow('never said'), said()]);
});

it('signs what the api, which has no command key, asks for over the socket', async () => {
  await moveSigner();
  await startWithSocket();
  await startSigner();
  const id = await echo();
  expect(await operator.finished(id)).toMatchObject({ state: 'SUCCEEDED' });
  expect(await operator.output(id)).toBe('signed\n');
});

it('is all that knows of its key, its directory and its password', async () => {
  expect(await readdir(pilothouse.stateDir)).not.toContain('signer');
  const api = await pilothouse.pidOf('api');
  for (const file of ['environ', 'cmdline']) {
    expect(await readFile(`/proc/${api}/${file}`, 'utf8')).not.toContain(signerState);
  }
  const passwords = JSON.parse(await readFile(join(signerState, 'database-roles.json'), 'utf8')) as object;
  expect(Object.keys(passwords)).toEqual(['ph_signer']);
});

it('is no second one on the same log', async () => {
  const second = await signerCommand('run');
  expect(second).toMatchObject({ code: 1, said: expect.stringContaining('Another signer writes') });
});

it('makes every command UNAVAILABLE while it is away, queues none, and signs again once it is back', async () => {
  await endSigner('SIGKILL');
  await expectUnavailable();
  expect(await signerCommand('status')).toMatchObject({ code: 1, said: expect.stringContaining('does not answer') });
  await startSigner();
  expect(await operator.finished(await echo())).toMatchObject({ state: 'SUCCEEDED' });
});

it('refuses everything while its operator has frozen it, without a restart', async () => {
  expect(await signerCommand('freeze')).toMatchObject({ code: 0 });
  await expectUnavailable();
  expect((await signerCommand('status')).said).toMatch(/^Frozen since .*\nIts log is unbroken: \d+ lines/);
  expect(await signerCommand('unfreeze')).toMatchObject({ code: 0 });
  expect(await operator.finished(await echo())).toMatchObject({ state: 'SUCCEEDED' });
});

it('tells its operator when a line of its log was changed', async () => {
  expect(await signerCommand('status')).toMatchObject({
    code: 0,
    said: expect.stringMatching(/^Signs\.\nIts log is unbroken/),
  });
  const log = join(signerState, 'signer', 'signing-log.jsonl');
  const text = await readFile(log, 'utf8');
  await writeFile(log, text.replace('"count":1', '"count":2'));
  expect(await signerCommand('status')).toMatchObject({ code: 1, said: expect.stringContaining('broken at line 2') });
  await writeFile(log, text);
});

it('knows its commands and nothing else', async () => {
  for (const args of [[], ['melt'], ['freeze', 'now'], ['constructor']]) {
    expect(await signerCommand(...args)).toMatchObject({ code: 2, said: expect.stringContaining('npm run signer') });
  }
});

it('ends when it is asked to', async () => {
  expect(await endSigner('SIGTERM')).toBe(0);
});
