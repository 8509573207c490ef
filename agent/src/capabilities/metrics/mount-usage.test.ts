import { describe, expect, it } from 'vitest';
import { MountUsageReader } from './mount-usage.js';
import type { Mount } from './mounts.parser.js';

const figures = { bsize: 4096, blocks: 100, bfree: 50, bavail: 50, files: 0, ffree: 0 };
const mount = (path: string, reach: Mount['reach']): Mount => ({ path, type: 'any', reach });
const mounts = [mount('/', 'local'), mount('/nas', 'network'), mount('/nas2', 'network')];

/** File systems of which some do not answer until they are released. */
function hangable() {
  const waiting = new Map<string, () => void>();
  const hung = new Set<string>();
  const asked: string[] = [];
  const statfs = async (path: string) => {
    asked.push(path);
    if (hung.has(path)) await new Promise<void>((resolve) => waiting.set(path, resolve));
    return figures;
  };
  const release = async (path: string) => {
    hung.delete(path);
    waiting.get(path)!();
    await new Promise(setImmediate);
  };
  return { statfs, hung, asked, release };
}

describe('a mount that does not answer', () => {
  it('is left at the deadline, remembered, and asked again only once it has answered', async () => {
    const host = hangable();
    host.hung.add('/nas');
    const reader = new MountUsageReader({ statfs: host.statfs, deadlineMs: 5 });
    expect((await reader.read(mounts)).map((usage) => usage.path)).toEqual(['/']);
    expect(reader.hungPaths).toEqual(['/nas']);
    await reader.read(mounts);
    expect(host.asked).toEqual(['/', '/nas', '/']);
    await host.release('/nas');
    expect((await reader.read(mounts)).map((usage) => usage.path)).toEqual(['/', '/nas', '/nas2']);
    expect(reader.hungPaths).toEqual([]);
  });

  it('shows its last known figures as not fresh', async () => {
    const host = hangable();
    const reader = new MountUsageReader({ statfs: host.statfs, deadlineMs: 5 });
    await reader.read(mounts);
    host.hung.add('/');
    expect((await reader.read(mounts)).map(({ path, fresh }) => [path, fresh])).toEqual([
      ['/', false],
      ['/nas', true],
      ['/nas2', true],
    ]);
  });
});

it('leaves out a mount that is gone, and tells no inodes where there is no table of them', async () => {
  const statfs = async (path: string) => (path === '/nas' ? Promise.reject(new Error('ENOENT')) : figures);
  const usages = await new MountUsageReader({ statfs }).read(mounts);
  expect(usages.map(({ path, inodesUsedPct }) => [path, inodesUsedPct])).toEqual([
    ['/', null],
    ['/nas2', null],
  ]);
});

it('asks each lane one at a time, also when two readers of figures come at once', async () => {
  let open = 0;
  let most = 0;
  const statfs = async () => {
    most = Math.max(most, ++open);
    await new Promise(setImmediate);
    open -= 1;
    return figures;
  };
  const reader = new MountUsageReader({ statfs });
  await Promise.all([reader.read(mounts), reader.read(mounts)]);
  expect(most).toBe(2);
});
