/**
 * Time of the charts that people open most, with a day of 1,000 servers in the store, read as the api's role with a
 * workspace set. By hand, takes some minutes to fill: `node bench/dist/telemetry/chart.js [URL]`
 */
import { HOST_FIGURES, maintainTelemetry, type HostFigure } from '@pilothouse/db/timeseries';
import { openBenchStore, type BenchStore } from './bench-store.js';
import { printCharts, type Chart } from './charts.js';
import { milliseconds } from '../kernel/measure.js';

const SERVERS = 1000;
const HOUR_MS = 3_600_000;
const STEP_MS = 600_000;
const TICK_MS = 10_000;

/** Samples in the order in which a fleet sends them, rolled up as the store does it. */
async function fill({ admin }: BenchStore): Promise<void> {
  const columns = HOST_FIGURES.map(({ name }) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  const values = HOST_FIGURES.map(({ unit }, index) =>
    unit === 'PERCENT' || unit === 'LOAD'
      ? `(50 + 50 * sin(extract(epoch from t) / 3600 + s + ${index}))::real`
      : `((extract(epoch from t)::int8 * (s + ${index})) % 65536)::int4`,
  );
  await admin.query('set role ph_telemetry_owner');
  await admin.query(
    `update telemetry_raw.tier set watermark = date_trunc('day', now() - interval '2 days') where watermark is not null`,
  );
  const end = Math.floor(Date.now() / TICK_MS) * TICK_MS;
  for (let from = end - 24 * HOUR_MS; from < end; from += STEP_MS) {
    await admin.query(
      `insert into telemetry_raw.host_sample (time, server_id, ${columns.join(', ')})
       select t, s, ${values.join(', ')}
         from generate_series($1::timestamptz, $2::timestamptz - interval '10 s', interval '10 s') t,
              generate_series(1, ${SERVERS}) s`,
      [new Date(from), new Date(from + STEP_MS)],
    );
    await maintainTelemetry(admin, new Date(from + STEP_MS));
  }
  await maintainTelemetry(admin, new Date(end));
  await admin.query('reset role');
  await admin.query('vacuum analyze telemetry_raw.host_sample, telemetry_raw.host_1m, telemetry_raw.host_1h');
}

async function main(): Promise<void> {
  const store = await openBenchStore(SERVERS);
  try {
    const seconds = (await milliseconds(() => fill(store))) / 1000;
    const { rows } = await store.admin.query<{ size: string }>(
      'select pg_size_pretty(pg_database_size(current_database())) as size',
    );
    console.log(`${store.about}: ${SERVERS} servers, one day, ${rows[0]!.size}, filled in ${Math.round(seconds)} s\n`);
    const four: HostFigure[] = ['cpuPct', 'memUsedMib', 'netRxKibs', 'netTxKibs'];
    const chart = (name: string, hours: number, rest: Omit<Chart, 'name' | 'rangeMs'>): Chart => ({
      name,
      rangeMs: hours * HOUR_MS,
      ...rest,
    });
    const none = { servers: 0, figures: [] };
    await printCharts(store, [
      chart('24 h of one server, one figure', 24, { servers: 1, figures: ['cpuPct'], budgetMs: 100 }),
      chart('24 h of one server, four figures', 24, { servers: 1, figures: four, budgetMs: 100 }),
      chart('24 h of 50 servers compared', 24, { servers: 50, figures: ['cpuPct'], budgetMs: 300 }),
      chart('1 h of one server from samples', 1, { servers: 1, figures: four }),
      chart('1 h of 50 servers compared', 1, { servers: 50, figures: ['cpuPct'] }),
      chart('latest sample of 1,000 servers', 0, { ...none, read: (reader) => reader.latest(store.serverIds) }),
      chart('10 busiest servers', 0, { ...none, read: (reader) => reader.top('cpuPct', 10) }),
    ]);
  } finally {
    await store.close();
  }
}

await main();
