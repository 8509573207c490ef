import { fileURLToPath } from 'node:url';
import { hostPartSampleSchema, hostSampleSchema, TELEMETRY_LIMITS } from '@pilothouse/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { HostReader, type HostReading } from './host-reader.js';
import { hostSample, processorShares } from './host-sample.js';
import { MountUsageReader } from './mount-usage.js';
import { partName, partSamples } from './part-samples.js';

const TIME = '2026-11-21T02:00:00.000Z';
const root = fileURLToPath(new URL('fixtures/virtual-machine', import.meta.url));
const MIB = 2 ** 20;
const figures = { bsize: 4096, blocks: 1_000_000, bfree: 600_000, bavail: 500_000, files: 1000, ffree: 900 };

let previous: HostReading;
/** The same host ten seconds later. */
let current: HostReading;

beforeAll(async () => {
  const mounts = new MountUsageReader({ statfs: async () => figures });
  previous = await new HostReader({ root, mounts, monotonicMs: () => 0 }).read({ withNetworkMounts: true });
  current = structuredClone(previous);
  current.atMs = 10_000;
  current.processors.total.totalTicks += 2000;
  current.processors.total.idleTicks += 1500;
  current.processors.total.iowaitTicks += 100;
  current.processors.total.stealTicks += 20;
  current.processors.cores.get('0')!.totalTicks += 1000;
  current.processors.cores.get('0')!.idleTicks += 1000;
  current.processors.cores.get('1')!.totalTicks += 1000;
  current.disks.get('vda')!.readBytes += 10 * MIB;
  current.disks.get('vda')!.busyMs += 2500;
  current.interfaces.get('eth0')!.rxBytes += 20 * MIB;
  current.interfaces.get('wg0')!.rxBytes += 10 * MIB;
});

const changed = (change: (reading: HostReading) => void): HostReading => {
  const reading = structuredClone(current);
  change(reading);
  return reading;
};

describe('reading a recorded host', () => {
  it('keeps whole physical disks and leaves out partitions, loops and mappers', () => {
    expect([...previous.disks.keys()]).toEqual(['vda']);
  });

  it('keeps interfaces that lead out and marks the cards among them', () => {
    expect([...previous.interfaces].map(([name, { physical }]) => [name, physical])).toEqual([
      ['eth0', true],
      ['wg0', false],
    ]);
  });

  it('keeps each real file system once and asks network ones only when told to', async () => {
    expect(previous.mounts.map((mount) => mount.path)).toEqual(['/', '/mnt/my data', '/mnt/nas']);
    const asked: string[] = [];
    const mounts = new MountUsageReader({ statfs: async (path) => (asked.push(path), figures) });
    await new HostReader({ root, mounts }).read({ withNetworkMounts: false });
    expect(asked).toEqual(['/', '/mnt/my data']);
  });

  it('counts processes and lives without pressure accounting', async () => {
    expect(previous.processCount).toBe(3);
    expect(previous.pressure).toEqual({ cpuPct: 1.5, memoryPct: 1.5, ioPct: 1.5 });
  });

  it('refuses a tree that is no Linux host', async () => {
    await expect(new HostReader({ root: '/nowhere' }).read({ withNetworkMounts: true })).rejects.toThrow('/proc/stat');
  });
});

describe('the host’s sample', () => {
  it('tells shares and rates of the time between two readings', () => {
    const sample = hostSample(TIME, { previous, current });
    expect(hostSampleSchema.parse(sample)).toEqual({
      time: TIME,
      cpuPct: 20,
      iowaitPct: 5,
      stealPct: 1,
      load1: 0.42,
      load5: 0.21,
      load15: 0.07,
      memUsedMib: 8192,
      memAvailableMib: 24_576,
      swapUsedMib: 1024,
      diskUsedMib: 3125,
      diskReadKibs: 1024,
      diskWriteKibs: 0,
      netRxKibs: 2048,
      netTxKibs: 0,
      processCount: 3,
      inodesUsedPct: 10,
      psiCpuPct: 1.5,
      psiMemoryPct: 1.5,
      psiIoPct: 1.5,
    });
  });

  it('counts what carries a container’s traffic where there is no card', () => {
    const inContainer = changed((reading) => reading.interfaces.forEach((counters) => (counters.physical = false)));
    expect(hostSample(TIME, { previous, current: inContainer })?.netRxKibs).toBe(3072);
  });

  it('adds nothing for a disk that was plugged in or began anew since', () => {
    const plugged = changed((reading) => {
      reading.disks.set('sdb', { readBytes: 1e12, writtenBytes: 1e12, busyMs: 1e6 });
      reading.disks.get('vda')!.writtenBytes = 0;
    });
    const sample = hostSample(TIME, { previous, current: plugged });
    expect([sample?.diskReadKibs, sample?.diskWriteKibs]).toEqual([1024, 0]);
  });

  it('is null under a second after the reading before, and there just after', () => {
    const at = (atMs: number) => hostSample(TIME, { previous, current: changed((reading) => (reading.atMs = atMs)) });
    expect(at(999)).toBeNull();
    expect(at(1000)).not.toBeNull();
  });

  it('is null where the processor’s counters stood still', () => {
    expect(processorShares(previous.processors.total, previous.processors.total)).toBeNull();
  });
});

describe('the parts’ samples', () => {
  const named = (reading: HostReading, kind: string) =>
    partSamples(TIME, { previous, current: reading }).filter((part) => part.kind === kind);

  it('fit the protocol and tell each kind’s figures', () => {
    const parts = partSamples(TIME, { previous, current }).map((part) => hostPartSampleSchema.parse(part));
    expect(parts.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'CPU 1',
      'CPU 0',
      'MOUNT /',
      'MOUNT /mnt/my data',
      'MOUNT /mnt/nas',
      'DISK vda',
      'INTERFACE eth0',
      'INTERFACE wg0',
    ]);
    expect(parts.find((part) => part.kind === 'DISK')).toMatchObject({ busyPct: 25, readKibs: 1024, writeKibs: 0 });
    expect(parts.find((part) => part.name === '/')).toMatchObject({ usedPct: 44.44, usedMib: 1563, sizeMib: 3906 });
  });

  it('leave out a disk without two readings and a file system that did not answer', () => {
    const reading = changed((host) => {
      host.disks.set('sdb', { readBytes: 1, writtenBytes: 1, busyMs: 1 });
      host.mounts[2]!.fresh = false;
    });
    expect(named(reading, 'DISK').map((part) => part.name)).toEqual(['vda']);
    expect(named(reading, 'MOUNT').map((part) => part.name)).toEqual(['/', '/mnt/my data']);
  });

  it.each([
    [64, 64],
    [65, 64],
  ])('of %i file systems keep the %i largest', (count, kept) => {
    const reading = changed((host) => {
      host.mounts = Array.from({ length: count }, (_, index) => ({
        ...host.mounts[0]!,
        path: `/mnt/${index}`,
        sizeBytes: (index + 1) * MIB,
      }));
    });
    const mounts = named(reading, 'MOUNT');
    expect(mounts).toHaveLength(kept);
    expect(mounts[0]?.name).toBe(`/mnt/${count - 1}`);
    expect(mounts.some((part) => part.name === '/mnt/0')).toBe(count === kept);
  });

  it('cut a name over 128 bytes at a whole character and keep two long names apart', () => {
    const limit = TELEMETRY_LIMITS.maxPartNameBytes;
    expect(partName('x'.repeat(limit))).toBe('x'.repeat(limit));
    const [first, second] = [partName('ü'.repeat(100) + 'a'), partName('ü'.repeat(100) + 'b')];
    expect(Buffer.byteLength(first)).toBeLessThanOrEqual(limit);
    expect(first).toMatch(/^ü{59}~[0-9a-f]{8}$/);
    expect(first).not.toBe(second);
  });
});
