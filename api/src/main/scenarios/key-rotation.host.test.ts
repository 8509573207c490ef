import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSigningKey } from '@pilothouse/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EnrolledAgent, eventually, Operator } from '../../testing/index.js';
import { HeldIdentity } from './testing/held-identity.js';
import { ReplicatedPilothouse } from './testing/replicated-pilothouse.js';

const ROTATE =
  'mutation ($input: RotateServerKeyInput!) { rotateServerKey(input: $input) { ... on Server { id } ... on Refusal { refusal: message } } }';
const CASE_MS = 120_000;

interface StoredKeys {
  current: string;
  next: string | null;
}

let pilothouse: ReplicatedPilothouse;
let operator: Operator;
let agent: EnrolledAgent;
let first: string;
let agents = 0;

beforeAll(async () => {
  pilothouse = await ReplicatedPilothouse.start({ redis: false, numbers: (below) => below - 1 });
  operator = new Operator(pilothouse.entrance, pilothouse.token);
});
afterAll(() => pilothouse?.remove());
beforeEach(async () => {
  agent = await EnrolledAgent.start(operator, `agent-${++agents}`);
  await operator.untilState(agent.serverId, 'ONLINE');
  first = (await storedKeys()).current;
});
afterEach(() => agent.remove());

async function storedKeys(): Promise<StoredKeys> {
  const [keys] = await pilothouse.sql<StoredKeys>(
    'select public_key as current, next_public_key as next from agent_identities where server_id = $1',
    [agent.serverId],
  );
  return keys as StoredKeys;
}

const until = (isSo: (keys: StoredKeys) => boolean) => eventually(async () => (isSo(await storedKeys()) ? true : null));
const ask = () => operator.ask(ROTATE, { input: { serverId: agent.serverId } });
const hold = () => HeldIdentity.hold(pilothouse.adminUrl, agent.serverId);

/** Lets `held` go to those that wait for it, and holds the identity again right behind them. */
async function handOver(held: HeldIdentity): Promise<HeldIdentity> {
  const next = hold();
  await held.untilQueued(2);
  await held.release();
  return next;
}

/** The new key is on the agent's disk, and its announcement stands before the identity. */
async function announce(): Promise<HeldIdentity> {
  const held = await hold();
  const asked = ask();
  await held.untilQueued(1);
  const behind = await handOver(held);
  await asked;
  await behind.untilWaitedFor();
  expect(await readdir(agent.directory)).toContain('key-pending.json');
  return behind;
}

/** The announcement is stored, and the first hello under the new key stands before the identity. */
async function sayHello(): Promise<HeldIdentity> {
  const held = await handOver(await announce());
  await held.untilWaitedFor();
  expect(await storedKeys()).toEqual({ current: first, next: expect.any(String) });
  return held;
}

type Kill = () => Promise<void>;

/** Where a side dies. Each begins with a request for a new key, and ends when the path is open again. */
const STEPS: Readonly<Record<string, (kill: Kill) => Promise<void>>> = {
  'once the new key is on the agent’s disk, and before it is announced': async (kill) => {
    const held = await announce();
    await kill();
    await held.turnAway();
    await held.release();
  },
  'once the new key is announced, and before the agent knows': async (kill) => {
    const held = await announce();
    pilothouse.proxy.silence();
    await held.release();
    await until(({ next }) => next !== null);
    await kill();
    pilothouse.proxy.cut();
  },
  'while the first hello under the new key is judged': async (kill) => {
    const held = await sayHello();
    await kill();
    await held.turnAway();
    await held.release();
  },
  'once the new key is the current one, and before the agent knows': async (kill) => {
    const held = await sayHello();
    pilothouse.proxy.silence();
    await held.release();
    await until(({ current }) => current !== first);
    await kill();
    pilothouse.proxy.cut();
  },
};

const KILLS: Readonly<Record<string, Kill>> = {
  agent: async () => {
    await agent.end('SIGKILL');
    agent.startAgain();
  },
  api: async () => {
    for (const { process } of pilothouse.replicas) process.end('SIGKILL');
  },
};

async function keyOnDisk(): Promise<string> {
  const { privateKey } = JSON.parse(await readFile(join(agent.directory, 'identity.json'), 'utf8'));
  return readSigningKey(privateKey).publicKey;
}

const rotations = () =>
  pilothouse.sql(`select 1 from audit_entries where action = 'agent-key-rotated' and target_id = $1`, [agent.serverId]);

/** Nobody helps: the key is changed once on both sides, and what the agent says under it is believed. */
async function expectRotated(): Promise<void> {
  await until(({ current, next }) => current !== first && next === null);
  await eventually(async () => ((await readdir(agent.directory)).includes('key-pending.json') ? null : true));
  await operator.untilState(agent.serverId, 'ONLINE');
  expect(await keyOnDisk()).toBe((await storedKeys()).current);
  expect(await rotations()).toHaveLength(1);
  const id = await eventually(() => operator.run(agent.serverId, { argv: ['true'] }, { whenOffline: 'DELIVER' }));
  expect(await operator.finished(id)).toMatchObject({ state: 'SUCCEEDED' });
}

describe('an agent’s key is changed', () => {
  it(
    'when somebody asks for it',
    async () => {
      await ask();
      await expectRotated();
    },
    CASE_MS,
  );

  it(
    'by itself when it is old',
    async () => {
      await agent.end('SIGTERM');
      const path = join(agent.directory, 'identity.json');
      const identity = JSON.parse(await readFile(path, 'utf8'));
      await writeFile(path, JSON.stringify({ ...identity, keySince: '2026-01-01T00:00:00.000Z' }));
      agent.startAgain();
      await expectRotated();
    },
    CASE_MS,
  );

  describe.each(Object.keys(KILLS))('unaided though the %s is killed', (victim) => {
    it.each(Object.keys(STEPS))(
      '%s',
      async (step) => {
        await STEPS[step]?.(KILLS[victim] as Kill);
        await expectRotated();
      },
      CASE_MS,
    );
  });
});
