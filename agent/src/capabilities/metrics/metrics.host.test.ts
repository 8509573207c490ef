import { execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, open as openFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { readAgentFrame } from '@pilothouse/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MetricsCapability } from './metrics.capability.js';
import { MountUsageReader } from './mount-usage.js';
import { RecordLog } from './record-log.js';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const hasFuse = await access('/dev/fuse').then(
  () => isRoot,
  () => false,
);

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pilothouse-metrics-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

it('measures this host and gives what fits the protocol', async () => {
  const capability = await MetricsCapability.open({
    directory: join(directory, 'telemetry'),
    clock: { now: () => new Date() },
    allowed: () => true,
    intervalMs: 1500,
  });
  await capability.start();
  const [source] = capability.sources;
  await new Promise<void>((resolve) => source!.onReady(resolve));
  const frames = await source!.peek(2 ** 20);
  const frame = readAgentFrame(frames[0]);
  expect(frame).toMatchObject({ telemetry: { samples: [{ processCount: expect.any(Number) }] } });
  expect(capability.checks().every((check) => check.ok)).toBe(true);
  await capability.close();
});

describe('kill -9 of the writer', () => {
  /** Appends numbered records without end and tells the number of each after it. */
  const WRITER = `
    import { RecordLog } from './record-log.js';
    const log = await RecordLog.open({ directory: process.argv[2], maxBytes: 2 ** 24, segmentBytes: 4096 });
    for (;;) {
      const sequence = await log.append(Buffer.from('record of the writer ' + log.tail));
      process.send(sequence);
    }`;

  it('loses nothing that was appended, in ten rounds', async () => {
    const script = join(directory, 'writer.mjs');
    const resolveDir = fileURLToPath(new URL('.', import.meta.url));
    const stdin = { contents: WRITER, resolveDir, loader: 'ts' as const };
    await build({ stdin, bundle: true, platform: 'node', format: 'esm', outfile: script });
    const logDirectory = join(directory, 'log');
    let next = 1;
    for (let round = 0; round < 10; round++) {
      const writer = fork(script, [logDirectory]);
      let told = 0;
      writer.on('message', (sequence: number) => {
        told = sequence;
        if (sequence >= next + 200) writer.kill('SIGKILL');
      });
      await once(writer, 'exit');
      const log = await RecordLog.open({ directory: logDirectory, maxBytes: 2 ** 24, segmentBytes: 4096 });
      expect(log.tail).toBeGreaterThan(told);
      while (next < log.tail) {
        for (const { sequence, payload } of await log.read(next, 2 ** 20)) {
          expect([sequence, payload.toString()]).toEqual([next, `record of the writer ${next}`]);
          next += 1;
        }
      }
      await log.close();
    }
    expect(next).toBeGreaterThan(2000);
  });
});

describe.skipIf(!isRoot)('a full disk (needs root to mount a small one)', () => {
  let mounted: string;

  beforeEach(async () => {
    mounted = join(directory, 'small');
    await mkdir(mounted);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=256k,nr_inodes=64', 'pilothouse-test', mounted]);
  });

  afterEach(async () => {
    await run('umount', ['-l', mounted]);
  });

  it('costs the oldest records, and the newest are there', async () => {
    const log = await RecordLog.open({ directory: join(mounted, 'log'), maxBytes: 2 ** 24, segmentBytes: 32 * 1024 });
    for (let number = 1; number <= 1000; number++) expect(await log.append(Buffer.alloc(1000, 'x'))).toBe(number);
    expect(log.droppedRecords).toBeGreaterThan(700);
    expect(log.tail - log.head + log.droppedRecords).toBe(1000);
    const newest = await log.read(1000, 2000);
    expect(newest.map(({ sequence }) => sequence)).toEqual([1000]);
    await log.close();
  });

  it('full of other things takes nothing, and takes records again once there is room', async () => {
    const filler = join(mounted, 'filler');
    await writeFile(filler, Buffer.alloc(2 ** 20)).catch(() => undefined);
    const log = await RecordLog.open({ directory: join(mounted, 'log'), maxBytes: 2 ** 24 });
    expect(await log.append(Buffer.alloc(1000, 'x'))).toBeNull();
    await rm(filler);
    expect(await log.append(Buffer.alloc(1000, 'x'))).not.toBeNull();
    await log.close();
    expect(await readdir(join(mounted, 'log'))).toContain('0000000000000001.seg');
  });
});

describe.skipIf(!hasFuse)('a mount that hangs (needs root and /dev/fuse)', () => {
  it('does not hold up the reader, and is asked again once it answers', async () => {
    const hung = join(directory, 'hung');
    await mkdir(hung);
    // A FUSE file system whose server never answers: a request waits for ever, as with an NFS server that is away.
    const server = await openFile('/dev/fuse', 'r+');
    const options = 'fd=3,rootmode=40000,user_id=0,group_id=0';
    const mount = spawn('mount', ['-i', '-t', 'fuse', '-o', options, 'pilothouse-test', hung], {
      stdio: ['ignore', 'ignore', 'ignore', server.fd],
    });
    expect((await once(mount, 'exit'))[0]).toBe(0);
    try {
      const reader = new MountUsageReader({ deadlineMs: 100 });
      const mounts = [
        { path: hung, type: 'nfs4', reach: 'network' },
        { path: '/', type: 'ext4', reach: 'local' },
      ] as const;
      for (let round = 0; round < 10; round++) {
        expect((await reader.read(mounts)).map((usage) => usage.path)).toEqual(['/']);
      }
      expect(reader.hungPaths).toEqual([hung]);
      await server.close();
      await expect.poll(() => reader.hungPaths).toEqual([]);
    } finally {
      await server.close().catch(() => undefined);
      await run('umount', ['-l', hung]);
    }
  });
});
