import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockState, StateDirectory, StateInUseError } from './state-directory.js';

let parent: string;
let state: StateDirectory;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'ph-state-'));
  state = new StateDirectory(join(parent, 'deep', 'state'));
});
afterEach(() => rm(parent, { recursive: true }));

describe('StateDirectory', () => {
  it('is made for its owner only', async () => {
    expect(state.problem()).toContain('does not exist');
    await state.prepare();
    expect(state.problem()).toBeNull();
  });

  it.each([0o710, 0o701, 0o750])('is refused when others may enter it (%o)', async (mode) => {
    await state.prepare();
    await chmod(state.path, mode);
    expect(state.problem()).toContain('chmod 700');
    await expect(state.prepare()).rejects.toThrow('is open to other users');
  });
});

describe('lockState', () => {
  it('lets one in at a time', async () => {
    await state.prepare();
    const unlock = await lockState(state);
    await expect(lockState(state)).rejects.toBeInstanceOf(StateInUseError);
    unlock();
    (await lockState(state))();
  });

  it('lets exactly one of many in that come at once', async () => {
    await state.prepare();
    const attempts = await Promise.allSettled(Array.from({ length: 12 }, () => lockState(state)));
    const inside = attempts.filter((attempt) => attempt.status === 'fulfilled');
    expect(inside).toHaveLength(1);
    inside[0]?.value();
  });
});
