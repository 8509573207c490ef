import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSigningKey, signAnchor } from '@pilothouse/protocol';
import { v7 as uuidv7 } from 'uuid';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AnchorStore } from './anchor.store.js';
import { RecentAnchors } from './recent-anchors.js';

const key = generateSigningKey();

let directory: string;
let workspaceId: string;
let nowMs: number;
let anchors: RecentAnchors;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pilothouse-anchors-'));
  workspaceId = uuidv7();
  nowMs = 0;
  anchors = new RecentAnchors(new AnchorStore(directory), () => nowMs);
});
afterEach(() => rm(directory, { recursive: true }));

const pathOf = (id: string) => join(directory, `${id}.jsonl`);
const sequence = async (id = workspaceId) => (await anchors.latest(id))?.sequence ?? null;

/** Appends as another process does. */
const append = (reached: number, id = workspaceId) =>
  new AnchorStore(directory).append(
    signAnchor(key, { workspaceId: id, sequence: reached, hash: 'a'.repeat(64), time: new Date().toISOString() }),
  );

it('sees what another process has appended a second later, and not before', async () => {
  await append(1);
  expect(await sequence()).toBe(1);
  await append(2);
  nowMs = 999;
  expect(await sequence()).toBe(1);
  nowMs = 1000;
  expect(await sequence()).toBe(2);
});

it('sees a first anchor as late as any other', async () => {
  expect(await sequence()).toBeNull();
  await append(1);
  expect(await sequence()).toBeNull();
  nowMs = 1000;
  expect(await sequence()).toBe(1);
});

it('reads no file within the second', async () => {
  await append(1);
  await sequence();
  await rm(pathOf(workspaceId));
  expect(await sequence()).toBe(1);
});

it('keeps workspaces apart', async () => {
  const other = uuidv7();
  await append(1);
  await append(7, other);
  expect([await sequence(), await sequence(other)]).toEqual([1, 7]);
});

it('tells that a file could not be read, and tries again for the next who asks', async () => {
  await mkdir(pathOf(workspaceId));
  await expect(sequence()).rejects.toThrow('EISDIR');
  await rmdir(pathOf(workspaceId));
  await append(1);
  expect(await sequence()).toBe(1);
});
