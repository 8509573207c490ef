import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSigningKey, verifyKeyRotation, type AgentFrame, type ControlPlaneAck } from '@pilothouse/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StateDirectory } from '../kernel/state-directory.js';
import { RecordedLog } from '../testing/recorded-log.js';
import { loadIdentity, storeIdentity, type Identity } from './identity.js';
import { KeyRotation } from './key-rotation.js';

const NOW = '2026-11-21T12:00:00.000Z';
const EPOCH = { generation: 1, counter: 3 };

let state: StateDirectory;
let identity: Identity;
let reconnects: string[];

beforeEach(async () => {
  state = new StateDirectory(await mkdtemp(join(tmpdir(), 'ph-rotation-')));
  reconnects = [];
  identity = {
    agentId: '01938d2e-7c00-4000-8000-000000000002',
    serverId: '01938d2e-7c00-4000-8000-000000000001',
    workspaceId: '01938d2e-7c00-4000-8000-000000000003',
    generation: 1,
    url: 'https://pilothouse.example.test',
    rootFingerprint: 'ab'.repeat(32),
    tlsPin: null,
    signingKey: generateSigningKey(),
    keySince: NOW,
  };
  await storeIdentity(state.identity, identity);
});
afterEach(() => rm(state.path, { recursive: true }));

/** As a process does that starts with what is on disk. */
async function open(log = new RecordedLog()): Promise<KeyRotation> {
  identity = (await loadIdentity(state.identity)) as Identity;
  return KeyRotation.open({
    ...{ identity, files: state, intervalDays: 30, log },
    clock: { now: () => new Date(NOW) },
    reconnect: async (cause) => void reconnects.push(cause),
  });
}

const ack = (fields: Partial<ControlPlaneAck> = {}) =>
  ({ version: 2, epoch: EPOCH, time: NOW, rotateKey: false, ...fields }) as ControlPlaneAck;

const storedKey = async () => (await loadIdentity(state.identity))?.signingKey.publicKey;
const pendingIsThere = async () => (await readdir(state.path)).includes('key-pending.json');

async function announced(rotation: KeyRotation) {
  const [frame] = (await rotation.peek()) as [AgentFrame?];
  if (!frame || !('keyRotation' in frame)) throw new Error('Nothing is announced');
  return { frame, publicKey: frame.keyRotation.publicKey };
}

/** Connected by the current key, with a new one announced. */
async function announcing() {
  const rotation = await open();
  rotation.nextKey();
  await rotation.connected(ack({ rotateKey: true }));
  return { rotation, ...(await announced(rotation)) };
}

describe('a key', () => {
  it('that is young stays, and is not announced', async () => {
    const rotation = await open();
    expect(rotation.nextKey()).toBe(identity.signingKey);
    await rotation.connected(ack());
    expect(await rotation.peek()).toEqual([]);
    expect(await pendingIsThere()).toBe(false);
  });

  it('that is old is replaced without being asked for, also one whose age no file tells', async () => {
    const { keySince: _missing, ...file } = JSON.parse(await readFile(state.identity, 'utf8'));
    await writeFile(state.identity, JSON.stringify(file));
    const rotation = await open();
    rotation.nextKey();
    await rotation.connected(ack());
    expect((await announced(rotation)).publicKey).not.toBe(identity.signingKey.publicKey);
  });

  it('is not replaced where the control plane speaks no version that could', async () => {
    const rotation = await open();
    rotation.nextKey();
    await rotation.connected(ack({ version: 1, rotateKey: true }));
    expect(await rotation.peek()).toEqual([]);
  });

  it('is on disk, for the agent’s own user only, before it is announced, signed by both for this connection', async () => {
    const { frame } = await announcing();
    expect((await stat(state.pendingKey)).mode & 0o777).toBe(0o600);
    const { agentId, serverId, signingKey } = identity;
    const subject = { agentId, serverId, epoch: EPOCH, currentKey: signingKey.publicKey };
    expect(verifyKeyRotation(frame.keyRotation, subject)).toBe(true);
  });

  it('that cannot be stored is not announced, and the agent stays online with the one it has', async () => {
    const log = new RecordedLog();
    const rotation = await open(log);
    await rm(state.path, { recursive: true });
    rotation.nextKey();
    await rotation.connected(ack({ rotateKey: true }));
    expect(await rotation.peek()).toEqual([]);
    expect(log.entries.map(({ message }) => message)).toEqual(['A new key could not be stored; it is tried again']);
    await storeAgain();
  });
});

async function storeAgain(): Promise<void> {
  await state.prepare();
  await chmod(state.path, 0o700);
}

describe('an announced key', () => {
  it('that was committed is used for the next hello, and is the identity’s own after the answer to it', async () => {
    const { rotation, publicKey } = await announcing();
    const former = identity.signingKey.publicKey;
    await rotation.advance(1, []);
    expect(reconnects).toEqual(['Connecting again with the new key']);
    expect(await storedKey()).toBe(former);
    expect(rotation.nextKey().publicKey).toBe(publicKey);
    await rotation.connected(ack());
    expect(identity.signingKey.publicKey).toBe(publicKey);
    expect(await storedKey()).toBe(publicKey);
    expect(await pendingIsThere()).toBe(false);
    expect(rotation.nextKey().publicKey).toBe(publicKey);
    expect(await rotation.peek()).toEqual([]);
  });

  it('that was refused is kept, and is the one that is announced again', async () => {
    const { rotation, frame, publicKey } = await announcing();
    await rotation.advance(1, [frame]);
    expect(reconnects).toEqual([]);
    expect(await rotation.peek()).toEqual([]);
    rotation.nextKey();
    expect(rotation.nextKey()).toBe(identity.signingKey);
    await rotation.connected(ack({ epoch: { generation: 1, counter: 4 } }));
    expect((await announced(rotation)).publicKey).toBe(publicKey);
  });

  it('and the current one are tried in turns after a restart, for as long as neither is taken', async () => {
    const { publicKey } = await announcing();
    const again = await open();
    const current = identity.signingKey.publicKey;
    const tried = Array.from({ length: 4 }, () => again.nextKey().publicKey);
    expect(tried).toEqual([publicKey, current, publicKey, current]);
  });

  it('that the control plane used before the agent died is taken by the next process', async () => {
    const { publicKey } = await announcing();
    const again = await open();
    again.nextKey();
    await again.connected(ack());
    expect(await storedKey()).toBe(publicKey);
    expect(await pendingIsThere()).toBe(false);
  });

  it('that was taken before the agent died is not taken for another', async () => {
    const { publicKey } = await announcing();
    const left = await readFile(state.pendingKey, 'utf8');
    const again = await open();
    again.nextKey();
    await again.connected(ack());
    await writeFile(state.pendingKey, left);
    const third = await open();
    expect(await pendingIsThere()).toBe(false);
    expect([third.nextKey(), third.nextKey()].map((key) => key.publicKey)).toEqual([publicKey, publicKey]);
  });

  it.each([
    ['torn', '{"agentId":"0193'],
    ['of a former identity', JSON.stringify({ agentId: '01938d2e-7c00-4000-8000-00000000000f', privateKey: 'x' })],
  ])('in a file that is %s is not used', async (_what, text) => {
    await writeFile(state.pendingKey, text);
    const rotation = await open();
    expect([rotation.nextKey(), rotation.nextKey()]).toEqual([identity.signingKey, identity.signingKey]);
  });
});
