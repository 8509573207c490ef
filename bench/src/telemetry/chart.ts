import { randomInt } from 'node:crypto';
/**
 * Time of the charts that people open most, with a day of 1,000 servers in the store, read as the api's role with a
 * workspace set. By hand, takes some minutes to fill: `node bench/dist/telemetry/chart.js`
 */
import { HOST_FIGURES, maintainTelemetry, TelemetryReader, type HostFigure } from '@pilothouse/db/timeseries';
import { Pool } from 'pg';
import { openBenchStore, type BenchStore } from './bench-store.js';
import { median, milliseconds, printTable } from '../kernel/measure.js';

const SERVERS = 1000;
const RUNS = 21;
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
  await admin.query('vacuum analyze telemetry_raw.host_sample, telemetry_raw.host_1m, telemetry_raw.host_1h');
}

async function main(): Promise<void> {
  const store = await openBenchStore(SERVERS);
  const pool = new Pool({ connectionString: store.appUrl, max: 1 });
  try {
    const filling = await milliseconds(() => fill(store));
    const reader = new TelemetryReader(async (sql, parameters) => (await pool.query(sql, parameters)).rows);
    await pool.query(`select set_config('app.workspace', $1, false)`, [store.workspaceId]);
    const chart = (servers: number, hours: number, figures: readonly HostFigure[]) => () => {
      const to = new Date();
      const from = new Date(to.getTime() - hours * HOUR_MS);
      const first = randomInt(SERVERS - servers + 1);
      const serverIds = store.serverIds.slice(first, first + servers);
      return reader.history({ serverIds, figures, from, to, maxPoints: 300 });
    };
    const four: HostFigure[] = ['cpuPct', 'memUsedMib', 'netRxKibs', 'netTxKibs'];
    const cases: [string, () => Promise<unknown>, string][] = [
      ['24 h of one server, one figure', chart(1, 24, ['cpuPct']), '100'],
      ['24 h of one server, four figures', chart(1, 24, four), '100'],
      ['24 h of 50 servers compared', chart(50, 24, ['cpuPct']), '300'],
      ['1 h of one server from samples', chart(1, 1, four), ''],
      ['1 h of 50 servers compared', chart(50, 1, ['cpuPct']), ''],
      ['latest sample of 1,000 servers', () => reader.latest(store.serverIds), ''],
      ['10 busiest servers', () => reader.top('cpuPct', 10), ''],
    ];
    const rows = [];
    for (const [name, work, budget] of cases) {
      const first = await milliseconds(work);
      const times: number[] = [];
      for (let index = 0; index < RUNS; index += 1) times.push(await milliseconds(work));
      rows.push([name, first.toFixed(1), median(times).toFixed(1), Math.max(...times).toFixed(1), budget]);
    }
    const { rows: sizes } = await store.admin.query<{ size: string }>(
      `select pg_size_pretty(sum(pg_total_relation_size(i.inhrelid))) as size from pg_inherits i
        where inhparent in ('telemetry_raw.host_sample'::regclass, 'telemetry_raw.host_1m'::regclass)`,
    );
    console.log(
      `${SERVERS} servers, one day, ${sizes[0]!.size} of samples and minutes, filled in ${Math.round(filling / 1000)} s\n`,
    );
    printTable(['chart', 'first, ms', `median of ${RUNS}, ms`, 'worst, ms', 'budget, ms'], rows);
  } finally {
    await pool.end();
    await store.close();
  }
}

await main();
