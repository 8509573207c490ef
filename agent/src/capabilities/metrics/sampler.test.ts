import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HostReading } from './host-reader.js';
import { Sampler, type Tick } from './sampler.js';

const START = '2026-11-21T00:00:03.200Z';
let clockOffsetMs: number;
let allowed: boolean;
let ticks: Tick[];
let errors: unknown[];
let reads: boolean[];
let failing: boolean;
let sampler: Sampler;

const build = (phaseMs?: number) =>
  new Sampler({
    reader: { read },
    clock: { now: () => new Date(Date.now() + clockOffsetMs) },
    allowed: () => allowed,
    onTick: async (tick) => void ticks.push(tick),
    onError: (error) => errors.push(error),
    ...(phaseMs !== undefined && { phaseMs }),
  });

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse(START) });
  clockOffsetMs = 0;
  allowed = true;
  failing = false;
  [ticks, errors, reads] = [[], [], []];
  sampler = build();
});

afterEach(async () => {
  await sampler.stop();
  vi.useRealTimers();
});

async function read({ withNetworkMounts }: { withNetworkMounts: boolean }): Promise<HostReading> {
  if (failing) throw new Error('/proc/stat cannot be read');
  reads.push(withNetworkMounts);
  const atMs = Date.now();
  const times = { idleTicks: atMs / 2, iowaitTicks: 0, stealTicks: 0, totalTicks: atMs };
  return {
    atMs,
    processors: { total: times, cores: new Map([['0', times]]), bootTimeSeconds: 0 },
    load: [0, 0, 0],
    memory: { totalBytes: 0, availableBytes: 0, swapTotalBytes: 0, swapFreeBytes: 0 },
    ...{ disks: new Map(), interfaces: new Map(), mounts: [], processCount: 1 },
    pressure: { cpuPct: null, memoryPct: null, ioPct: null },
  };
}

const times = () => ticks.map(({ sample }) => sample.time.slice(11, 19));

describe('sampling', () => {
  it('falls on the ticks of the control plane’s clock', async () => {
    await sampler.start();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(times()).toEqual(['00:00:10', '00:00:20', '00:00:30']);
    expect(ticks[0]?.sample.cpuPct).toBe(50);
  });

  it('comes after the tick by the host’s own phase, and is stamped with the tick', async () => {
    sampler = build(1500);
    await sampler.start();
    await vi.advanceTimersByTimeAsync(8299);
    expect(times()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(times()).toEqual(['00:00:10']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(times()).toEqual(['00:00:10', '00:00:20']);
  });

  it('takes the parts with the first tick and then once a minute, and network file systems only with them', async () => {
    await sampler.start();
    await vi.advanceTimersByTimeAsync(130_000);
    const withParts = ticks.filter(({ parts }) => parts.length > 0).map(({ sample }) => sample.time.slice(11, 19));
    expect(withParts).toEqual(['00:00:10', '00:01:00', '00:02:00']);
    expect(reads.filter(Boolean)).toHaveLength(4);
  });

  it('follows a clock that jumps, without inventing what was missed', async () => {
    await sampler.start();
    await vi.advanceTimersByTimeAsync(10_000);
    clockOffsetMs = 3_600_000;
    await vi.advanceTimersByTimeAsync(20_000);
    clockOffsetMs = -3_600_000;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(times()).toEqual(['00:00:10', '01:00:20', '01:00:30', '23:00:40', '23:00:50']);
  });

  it('does not take a tick twice when the clock steps back over it', async () => {
    await sampler.start();
    await vi.advanceTimersByTimeAsync(7000);
    clockOffsetMs = -1000;
    await vi.advanceTimersByTimeAsync(11_000);
    expect(new Set(times()).size).toBe(times().length);
  });

  it('tells of a failure and goes on with the next tick', async () => {
    await sampler.start();
    failing = true;
    await vi.advanceTimersByTimeAsync(10_000);
    failing = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(errors).toHaveLength(1);
    expect(times()).toEqual(['00:00:20']);
  });

  it('reads nothing while it is not allowed, and begins without a restart', async () => {
    allowed = false;
    await sampler.start();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(reads).toEqual([]);
    allowed = true;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(times()).toEqual(['00:00:40']);
    allowed = false;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(times()).toHaveLength(1);
  });

  it('stops for good', async () => {
    await sampler.start();
    await sampler.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ticks).toEqual([]);
  });
});
