/**
 * Time of the charts over weeks to a year, with a year of hours and days of 1,000 servers in the store. The rows are
 * laid down in the order in which roll-ups write them. By hand, takes minutes: `node bench/dist/telemetry/year.js [URL]`
 */
import { HOST_FIGURES, maintainTelemetry, type HostFigure } from '@pilothouse/db/timeseries';
import { openBenchStore, type BenchStore } from './bench-store.js';
import { printCharts, type Chart } from './charts.js';
import { milliseconds } from '../kernel/measure.js';

const SERVERS = 1000;
const DAYS = 365;
const DAYS_AT_ONCE = 28;
const DAY_MS = 86_400_000;

const columns = HOST_FIGURES.flatMap(({ name }) => {
  const column = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return [`${column}_avg`, `${column}_max`];
});
const values = HOST_FIGURES.map(({ unit }, index) =>
  unit === 'PERCENT' || unit === 'LOAD'
    ? `v.wave + ${index}, v.wave + ${index}.5`
    : `(v.wave * ${index})::real, (v.wave * ${index})::int4`,
);

async function fillTier(store: BenchStore, tier: { table: string; hours: number }, range: [Date, Date]): Promise<void> {
  await store.admin.query(
    `insert into telemetry_raw.${tier.table} (bucket, server_id, n, ${columns.join(', ')})
     select b, s, ${tier.hours * 360}, ${values.join(', ')}
       from generate_series($1::timestamptz, $2::timestamptz - interval '1 hour', interval '${tier.hours} hours') b
       cross join generate_series(1, ${SERVERS}) s
       cross join lateral (select (25 + 25 * sin(extract(epoch from b) / 20000 + s))::real as wave) v`,
    range,
  );
}

async function fill(store: BenchStore): Promise<void> {
  const { admin } = store;
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  await admin.query('set role ph_telemetry_owner');
  await admin.query('select telemetry_logic.ensure_partitions(d, true) from unnest($1::timestamptz[]) d', [
    Array.from({ length: DAYS / DAYS_AT_ONCE + 1 }, (_, index) => new Date(today - index * DAYS_AT_ONCE * DAY_MS)),
  ]);
  for (let from = today - DAYS * DAY_MS; from < today; from += DAYS_AT_ONCE * DAY_MS) {
    const range: [Date, Date] = [new Date(from), new Date(Math.min(from + DAYS_AT_ONCE * DAY_MS, today))];
    await fillTier(store, { table: 'host_1h', hours: 1 }, range);
    await fillTier(store, { table: 'host_1d', hours: 24 }, range);
  }
  await maintainTelemetry(admin, new Date());
  await admin.query('reset role');
  await admin.query('vacuum analyze telemetry_raw.host_1h, telemetry_raw.host_1d');
}

async function main(): Promise<void> {
  const store = await openBenchStore(SERVERS);
  try {
    const seconds = (await milliseconds(() => fill(store))) / 1000;
    const { rows } = await store.admin.query<{ size: string }>(
      'select pg_size_pretty(pg_database_size(current_database())) as size',
    );
    console.log(
      `${store.about}: ${SERVERS} servers, ${DAYS} days, ${rows[0]!.size}, filled in ${Math.round(seconds)} s\n`,
    );
    const four: HostFigure[] = ['cpuPct', 'memUsedMib', 'netRxKibs', 'netTxKibs'];
    const chart = (name: string, servers: number, days: number, figures: HostFigure[]): Chart => ({
      name,
      servers,
      rangeMs: days * DAY_MS,
      figures,
    });
    await printCharts(store, [
      chart('30 d of one server, four figures', 1, 30, four),
      chart('90 d of one server, four figures', 1, 90, four),
      chart('a year of one server, four figures', 1, DAYS, four),
      chart('30 d of 50 servers compared', 50, 30, ['cpuPct']),
      chart('90 d of 50 servers compared', 50, 90, ['cpuPct']),
      chart('a year of 50 servers compared', 50, DAYS, ['cpuPct']),
    ]);
  } finally {
    await store.close();
  }
}

await main();
