import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, type EnrolledAgent } from '@pilothouse/api/testing';
import type { Client } from 'pg';
import { liveHeapBytes } from '../kernel/live-heap.js';
import { mebibytes, median, slope } from '../kernel/measure.js';
import { residentBytes } from '../kernel/processes.js';
import type { Figure } from '../kernel/report.js';

const MINUTE_MS = 60_000;
const LOOK_EVERY_MS = 2000;
const TICK_MS = 10_000;
const MAX_SLOPE = 1;
const MAX_GROWTH_MIB = 1;
const BUFFER_MIB = 64;

/** What an agent was like while its control plane was away. */
export interface Alone {
  figures: Figure[];
  from: Date;
  to: Date;
}

export async function leaveAlone(
  agent: EnrolledAgent,
  { minutes, leave }: { minutes: number; leave: () => Promise<unknown> },
): Promise<Alone> {
  await leave();
  const from = new Date();
  const aliveBefore = await liveHeapBytes(agent.pid);
  const moments: [number, number][] = [];
  for (const endMs = performance.now() + minutes * MINUTE_MS; performance.now() < endMs;) {
    moments.push([performance.now() / 3_600_000, mebibytes(residentBytes(agent.pid))]);
    await delay(LOOK_EVERY_MS);
  }
  const figures: Figure[] = [
    { name: 'agent, resident MiB, median', value: median(moments.map(([, size]) => size)) },
    { name: 'agent, resident, MiB/h', value: slope(moments), digits: 1, limit: MAX_SLOPE },
    {
      name: 'agent, alive of the heap, grew by MiB',
      value: mebibytes((await liveHeapBytes(agent.pid)) - aliveBefore),
      digits: 2,
      limit: MAX_GROWTH_MIB,
    },
    {
      name: 'buffer on disk, KiB',
      value: (await sizeOf(join(agent.directory, 'telemetry'))) / 1024,
      limit: BUFFER_MIB * 1024,
    },
  ];
  return { figures, from, to: new Date() };
}

async function sizeOf(directory: string): Promise<number> {
  const sizes = await Promise.all(
    (await readdir(directory)).map(async (name) => (await stat(join(directory, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Of the ticks of a span, one every 10 s, those without a row; waits for the backlog to come in. */
export async function missingSamples(admin: Client, serverId: string, { from, to }: Alone): Promise<number> {
  const ticks = Math.floor(to.getTime() / TICK_MS) - Math.floor(from.getTime() / TICK_MS);
  let stored = 0;
  await Promise.race([
    delay(MINUTE_MS),
    eventually(async () => {
      const { rows } = await admin.query<{ stored: number }>(
        `select count(*)::int as stored from telemetry_raw.host_sample
          where server_id = (select metric_key from servers where id = $1) and time > $2 and time <= $3`,
        [serverId, from, to],
      );
      stored = rows[0]?.stored ?? 0;
      return stored >= ticks ? true : null;
    }),
  ]);
  return Math.max(0, ticks - stored);
}
