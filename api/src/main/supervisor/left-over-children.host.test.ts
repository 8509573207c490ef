import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ChildRecord } from './left-over-children.js';

let stateDir: string;
let child: ChildProcess;

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'pilothouse-children-'));
  child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
});

afterEach(async () => {
  child.kill('SIGKILL');
  await rm(stateDir, { recursive: true });
});

const record = () => new ChildRecord(stateDir);

test('ends a frozen child of an earlier start, and says which', async () => {
  record().began('api', child.pid ?? 0);
  child.kill('SIGSTOP');
  const said: string[] = [];
  const ended = once(child, 'exit');
  await record().endLeftOvers((line) => said.push(line), 50);
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(said).toEqual([`Waiting for what a killed Pilothouse left running: api (process ${child.pid})`]);
});

test('lets a child that ends by itself do so', async () => {
  record().began('api', child.pid ?? 0);
  const ended = once(child, 'exit');
  const waiting = record().endLeftOvers(() => undefined);
  child.kill('SIGTERM');
  await waiting;
  expect(await ended).toEqual([null, 'SIGTERM']);
});

test('leaves a process alone that only has the number of an earlier child', async () => {
  await writeFile(join(stateDir, 'children.json'), JSON.stringify([{ name: 'api', pid: child.pid, startTicks: '1' }]));
  await record().endLeftOvers(() => expect.unreachable(), 0);
  expect(child.exitCode).toBeNull();
});

test('forgets a child that ended', async () => {
  const first = record();
  first.began('api', child.pid ?? 0);
  first.ended('api');
  await record().endLeftOvers(() => expect.unreachable(), 0);
  expect(child.exitCode).toBeNull();
});

test.each(['', '[{', '{"a":1}'])('takes a damaged record (%j) for an empty one', async (text) => {
  await writeFile(join(stateDir, 'children.json'), text);
  await record().endLeftOvers(() => expect.unreachable(), 0);
});
