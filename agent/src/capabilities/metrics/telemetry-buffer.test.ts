import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAgentFrame, type AgentFrame, type HostPartSample, type HostSample } from '@pilothouse/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { packFrames } from './frame-packing.js';
import { RecordLog } from './record-log.js';
import { TelemetryBuffer } from './telemetry-buffer.js';
import { MAX_RECORD_BYTES } from './telemetry-record.js';

const START_MS = Date.parse('2026-11-21T00:00:00.000Z');
const HUGE = 10 * 2 ** 20;

let directory: string;
let nowMs: number;
let uptimeMs: number;
let bootId: string;
let allowed: boolean;
let opened: TelemetryBuffer[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pilothouse-buffer-'));
  nowMs = START_MS;
  uptimeMs = 60_000;
  bootId = 'first-boot';
  allowed = true;
  opened = [];
});

afterEach(async () => {
  for (const buffer of opened) await buffer.close();
  await rm(directory, { recursive: true });
});

async function open(maxBytes = HUGE): Promise<TelemetryBuffer> {
  const log = await RecordLog.open({ directory, maxBytes });
  const uptime = { bootId, uptimeMs: () => uptimeMs };
  const buffer = new TelemetryBuffer({ log, clock: { now: () => new Date(nowMs) }, uptime, allowed: () => allowed });
  opened.push(buffer);
  return buffer;
}

const sampleAt = (timeMs: number): HostSample => ({
  time: new Date(timeMs).toISOString(),
  ...{ cpuPct: 1, iowaitPct: 0, stealPct: 0, load1: 0, load5: 0, load15: 0 },
  ...{ memUsedMib: 1, memAvailableMib: 1, swapUsedMib: 0, diskUsedMib: 1, diskReadKibs: 0, diskWriteKibs: 0 },
  ...{ netRxKibs: 0, netTxKibs: 0, processCount: 1, inodesUsedPct: null },
  ...{ psiCpuPct: null, psiMemoryPct: null, psiIoPct: null },
});

const partAt = (timeMs: number, name: string): HostPartSample => ({
  ...{ time: new Date(timeMs).toISOString(), kind: 'CPU', name, busyPct: 1 },
  ...{ usedPct: null, usedMib: null, sizeMib: null, inodesUsedPct: null },
  ...{ readKibs: null, writeKibs: null, rxKibs: null, txKibs: null },
});

/** Lets ten seconds pass and records the tick. */
async function tick(buffer: TelemetryBuffer, parts = 0): Promise<number> {
  nowMs += 10_000;
  uptimeMs += 10_000;
  const names = Array.from({ length: parts }, (_, index) => partAt(nowMs, String(index)));
  await buffer.record({ sample: sampleAt(nowMs), parts: names });
  return nowMs;
}

const secondsOf = (frames: readonly AgentFrame[]) =>
  frames
    .flatMap((frame) => ('telemetry' in frame ? frame.telemetry.samples : []))
    .map(({ time }) => (Date.parse(time) - START_MS) / 1000);

async function deliver(buffer: TelemetryBuffer, maxBytes = HUGE): Promise<number[]> {
  const frames = await buffer.peek(maxBytes);
  await buffer.advance(frames.length);
  return secondsOf(frames);
}

describe('what is waiting', () => {
  it('goes newest first, then the backlog from its oldest on, and each once', async () => {
    const buffer = await open();
    for (let count = 0; count < 5; count++) await tick(buffer);
    expect(await deliver(buffer)).toEqual([50, 10, 20, 30, 40]);
    expect(await deliver(buffer)).toEqual([]);
  });

  it('is given again until it is committed', async () => {
    const buffer = await open();
    await tick(buffer);
    await tick(buffer);
    const first = await buffer.peek(HUGE);
    expect(await buffer.peek(HUGE)).toEqual(first);
    await buffer.advance(1);
    expect(secondsOf(await buffer.peek(HUGE))).toEqual([10]);
  });

  it('is given to the next process, and not what was committed', async () => {
    const buffer = await open();
    for (let count = 0; count < 3; count++) await tick(buffer);
    await deliver(buffer);
    await tick(buffer);
    expect(await deliver(await open())).toEqual([40]);
  });

  it('puts the newest before a long backlog in every publish, and drains all of it in chunks', async () => {
    const buffer = await open();
    for (let count = 0; count < 2000; count++) await tick(buffer);
    const seen: number[] = [];
    for (let publishes = 0; publishes < 20 && seen.length < 2000 + publishes; publishes++) {
      const newest = await tick(buffer);
      const frames = await buffer.peek(HUGE);
      expect(secondsOf(frames)[0]).toBe((newest - START_MS) / 1000);
      expect(JSON.stringify(frames).length).toBeLessThan(300 * 1024);
      for (const frame of frames) expect(readAgentFrame(frame)).toEqual(frame);
      seen.push(...secondsOf(frames));
      await buffer.advance(frames.length);
    }
    expect(seen).toHaveLength((nowMs - START_MS) / 10_000);
    expect(new Set(seen).size).toBe(seen.length);
    expect(buffer.droppedTicks).toBe(0);
  });

  it('stays within the bytes asked for, and comes with more room', async () => {
    const buffer = await open();
    for (let count = 0; count < 20; count++) await tick(buffer);
    for (const maxBytes of [0, 100, 1000, 2000, 4000]) {
      expect(JSON.stringify(await buffer.peek(maxBytes)).length - 2).toBeLessThanOrEqual(maxBytes);
    }
    expect(await buffer.peek(100)).toEqual([]);
    expect((await deliver(buffer, 4000))[0]).toBe(200);
  });

  it('counts what the bound cost', async () => {
    const buffer = await open(8 * 2048);
    for (let count = 0; count < 100; count++) await tick(buffer);
    expect(buffer.bytes).toBeLessThanOrEqual(8 * 2048);
    const delivered = await deliver(buffer);
    for (let more = await deliver(buffer); more.length > 0; more = await deliver(buffer)) delivered.push(...more);
    expect(delivered.length + buffer.droppedTicks).toBe(100);
    expect(buffer.droppedTicks).toBeGreaterThan(0);
  });

  it('waits while the host does not allow figures', async () => {
    const buffer = await open();
    const ready = vi.fn();
    buffer.onReady(ready);
    allowed = false;
    await tick(buffer);
    expect(await buffer.peek(HUGE)).toEqual([]);
    expect(ready).not.toHaveBeenCalled();
    allowed = true;
    expect(await deliver(buffer)).toEqual([10]);
  });

  it('is told to the listener: of a former process, of each tick, and of what is left', async () => {
    await tick(await open());
    const buffer = await open();
    const ready = vi.fn();
    buffer.onReady(ready);
    expect(ready).toHaveBeenCalledTimes(1);
    await tick(buffer);
    expect(ready).toHaveBeenCalledTimes(2);
    await buffer.peek(HUGE);
    await buffer.advance(1);
    expect(ready).toHaveBeenCalledTimes(3);
    await deliver(buffer);
    expect(ready).toHaveBeenCalledTimes(3);
  });
});

describe('a disk that takes nothing', () => {
  it('leaves ten minutes of ticks in memory and counts the others', async () => {
    await rm(directory, { recursive: true });
    await writeFile(directory, 'no directory');
    const buffer = await open();
    for (let count = 0; count < 60; count++) await tick(buffer);
    expect([buffer.saving, buffer.droppedTicks]).toEqual([false, 0]);
    await tick(buffer);
    expect(buffer.droppedTicks).toBe(1);
    const seconds = await deliver(buffer);
    expect([seconds.length, seconds[0], seconds[1]]).toEqual([60, 610, 20]);
  });

  it('is used again as soon as it takes something', async () => {
    await rm(directory, { recursive: true });
    await writeFile(directory, 'no directory');
    const buffer = await open();
    await tick(buffer);
    await rm(directory);
    await tick(buffer);
    expect(buffer.saving).toBe(true);
    expect(await deliver(buffer)).toEqual([20, 10]);
  });
});

describe('a clock that is set', () => {
  it('puts right what was stamped a day ahead or behind in the same boot', async () => {
    for (const offMs of [86_400_000, -86_400_000]) {
      const buffer = await open();
      nowMs += offMs;
      for (let count = 0; count < 3; count++) await tick(buffer);
      nowMs -= offMs;
      const now = (nowMs - START_MS) / 1000;
      expect(await deliver(buffer)).toEqual([now, now - 20, now - 10]);
    }
  });

  it.each([
    ['just a minute', 60_000, { sent: 1, dropped: 0 }],
    ['a millisecond more', 60_001, { sent: 0, dropped: 1 }],
  ])('judges what another boot stamped %s ahead', async (_, aheadMs, expected) => {
    await tick(await open());
    bootId = 'second-boot';
    const buffer = await open();
    nowMs -= aheadMs;
    expect(await deliver(buffer)).toHaveLength(expected.sent);
    expect(buffer.droppedTicks).toBe(expected.dropped);
  });

  it('does not move what only the small steps of a handshake touched', async () => {
    const buffer = await open();
    const at = await tick(buffer);
    nowMs += 3000;
    expect(await deliver(buffer)).toEqual([(at - START_MS) / 1000]);
  });
});

it('keeps a tick without its parts where they would hold up the lane', async () => {
  const buffer = await open();
  nowMs += 10_000;
  const sample = sampleAt(nowMs);
  for (const [name, kept] of [
    ['x'.repeat(128), 256],
    ['\u0001'.repeat(128), 0],
  ] as const) {
    await buffer.record({ sample, parts: Array.from({ length: 256 }, () => partAt(nowMs, name)) });
    const frames = await buffer.peek(MAX_RECORD_BYTES + 1024);
    expect(frames[0]).toMatchObject({ telemetry: { samples: [sample], parts: { length: kept } } });
    await buffer.advance(frames.length);
  }
});

describe('frames', () => {
  const item = (parts: number) => ({
    tick: { sample: sampleAt(START_MS), parts: Array.from({ length: parts }, () => partAt(START_MS, 'x')) },
    bytes: 10,
  });

  it.each([
    ['256 samples', 256, 0, [256]],
    ['257 samples', 257, 0, [256, 1]],
    ['1,024 parts', 4, 256, [4]],
    ['1,025 parts', 5, 256, [4, 1]],
  ])('of %s are packed within the protocol’s limits', (_, count, parts, sizes) => {
    const items = Array.from({ length: count }, () => item(parts));
    expect(packFrames(items, HUGE).map((group) => group.length)).toEqual(sizes);
  });
});
