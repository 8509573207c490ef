import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSigningKey, signAnchor, type AuditAnchor } from '@pilothouse/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ControlPlaneKeys } from '../testing/index.js';
import { AnchorLog } from './anchor-log.js';
import { Keyring } from './keyring.js';

const keys = new ControlPlaneKeys();
let directory: string;
let path: string;
let keyring: Keyring;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ph-anchors-'));
  path = join(directory, 'anchors.jsonl');
  await Keyring.store(join(directory, 'keyset.json'), keys.keyset());
  keyring = await Keyring.load(join(directory, 'keyset.json'), keys.pin);
});
afterEach(() => rm(directory, { recursive: true }));

const anchor = (sequence: number, key = keys.command): AuditAnchor =>
  signAnchor(key, {
    workspaceId: '01890000-0000-7000-8000-000000000001',
    sequence,
    hash: 'ab'.repeat(32),
    time: '2026-01-01T00:00:00.000Z',
  });

const kept = async () =>
  (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as AuditAnchor).sequence);

describe('AnchorLog', () => {
  it('keeps anchors in the order of their arrival', async () => {
    const log = new AnchorLog(path, keyring);
    await Promise.all([1, 2, 3].map((sequence) => log.keep(anchor(sequence))));
    expect(await kept()).toEqual([1, 2, 3]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('refuses an anchor that the command key did not sign, and goes on', async () => {
    const log = new AnchorLog(path, keyring);
    await expect(log.keep(anchor(1, generateSigningKey()))).rejects.toThrow('signature is wrong');
    await expect(log.keep({ ...anchor(2), sequence: 3 })).rejects.toThrow('signature is wrong');
    await log.keep(anchor(4));
    expect(await kept()).toEqual([4]);
  });

  it('stays within its size and keeps the newest', async () => {
    const log = new AnchorLog(path, keyring, 4000);
    for (let sequence = 1; sequence <= 100; sequence++) await log.keep(anchor(sequence));
    expect((await stat(path)).size).toBeLessThanOrEqual(4000);
    const sequences = await kept();
    expect(sequences.at(-1)).toBe(100);
    expect(sequences).toEqual(Array.from({ length: sequences.length }, (_, index) => 101 - sequences.length + index));
  });
});
