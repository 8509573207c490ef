/**
 * Rows per second of the telemetry writer, through its pool and role, beside `psql` COPY of the same rows into an
 * unlogged table without an index, the limit of the same server. By hand: `node bench/dist/telemetry/ingest.js [URL]`
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HOST_FIGURES, TelemetryWriter, type HostSampleRow, type TelemetryBatch } from '@pilothouse/db/timeseries';
import { Pool } from 'pg';
import { openBenchStore, type BenchStore } from './bench-store.js';
import { median, milliseconds, printMachine, printTable, thousands } from '../kernel/measure.js';

const RUNS = 5;
const SERVERS = 10_000;
const BACKLOG_SAMPLES = 250;
const TICK_MS = 10_000;
const run = promisify(execFile);

function sampleAt(time: number, seed: number): HostSampleRow {
  const figures = HOST_FIGURES.map(({ name, unit }, index) => {
    const value = (seed * 7919 + index * 104_729) % (unit === 'PERCENT' ? 100 : 65_536);
    return [name, unit === 'PERCENT' || unit === 'LOAD' ? value + 0.25 : value];
  });
  return { time: new Date(time).toISOString(), ...Object.fromEntries(figures) } as HostSampleRow;
}

const batchOf = (serverId: string, samples: HostSampleRow[]): TelemetryBatch => ({
  serverId,
  epoch: { generation: 1, counter: 1 },
  samples,
  parts: [],
});

/** Every server sends the sample of this tick: what a fleet does every 10 s, all at once. */
const live = (serverIds: readonly string[], tick: number): TelemetryBatch[] =>
  serverIds.map((id, index) => batchOf(id, [sampleAt(tick, index)]));

/** Servers that come back deliver what they buffered, in frames of 250 samples, all of it late. */
const backlog = (serverIds: readonly string[], until: number): TelemetryBatch[] =>
  serverIds.map((id, index) =>
    batchOf(
      id,
      Array.from({ length: BACKLOG_SAMPLES }, (_, at) => sampleAt(until - at * TICK_MS, index + at)),
    ),
  );

async function writeAll(writer: TelemetryWriter, batches: TelemetryBatch[]): Promise<number> {
  const rows = batches.reduce((sum, { samples }) => sum + samples.length, 0);
  const elapsed = await milliseconds(async () => {
    const reports = await Promise.all(batches.map((batch) => writer.write(batch)));
    if (reports.some(({ written }, index) => written !== batches[index]!.samples.length))
      throw new Error('rows refused');
  });
  return rows / (elapsed / 1000);
}

async function copyLimit(store: BenchStore): Promise<number | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'pilothouse-bench-copy-'));
  try {
    const file = join(directory, 'rows.tsv');
    const rows = 200_000;
    const lines = Array.from({ length: rows }, (_, index) => {
      const { time, ...figures } = sampleAt(index * TICK_MS, index);
      return [time, index, ...Object.values(figures)].join('\t');
    });
    await writeFile(file, `${lines.join('\n')}\n`);
    await store.admin.query('drop table if exists copied');
    await store.admin.query('create unlogged table copied as select * from telemetry_raw.host_sample with no data');
    await store.admin.query('alter table copied set unlogged');
    const elapsed = await milliseconds(() =>
      run('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', `\\copy copied from '${file}'`, store.adminUrl]),
    );
    return rows / (elapsed / 1000);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const store = await openBenchStore(SERVERS);
  const pool = new Pool({ connectionString: store.writerUrl, max: 2 });
  const writer = new TelemetryWriter(pool, { maxPendingRows: Infinity });
  try {
    await writeAll(writer, live(store.serverIds, Math.floor(Date.now() / TICK_MS - 9) * TICK_MS)); // connects and plans
    const results: Record<'live' | 'backlog' | 'copy', number[]> = { live: [], backlog: [], copy: [] };
    for (let index = 0; index < RUNS; index += 1) {
      const now = Math.floor(Date.now() / TICK_MS) * TICK_MS;
      results.live.push(await writeAll(writer, live(store.serverIds, now + (index - 1) * TICK_MS)));
      const returned = store.serverIds.slice(index * 400, (index + 1) * 400);
      results.backlog.push(await writeAll(writer, backlog(returned, now - 86_400_000)));
      const copied = await copyLimit(store);
      if (copied) results.copy.push(copied);
    }
    const limit = results.copy.length > 0 ? median(results.copy) : undefined;
    const row = (name: string, values: readonly number[]): string[] => [
      name,
      thousands(median(values)),
      limit ? `${Math.round((100 * median(values)) / limit)} %` : 'psql is not on PATH',
    ];
    console.log(`${store.about}\n`);
    printTable(
      ['telemetry into the store', `rows/s, median of ${RUNS}`, 'of COPY'],
      [
        row(`live: ${SERVERS} servers, one sample each`, results.live),
        row(`backlog: 400 servers, ${BACKLOG_SAMPLES} late samples each`, results.backlog),
        ...(limit ? [row('psql COPY into an unlogged table, no index', results.copy)] : []),
      ],
    );
  } finally {
    await pool.end();
    await store.close();
  }
  printMachine();
}

await main();
