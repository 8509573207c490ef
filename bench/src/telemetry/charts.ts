import { randomInt } from 'node:crypto';
import { TelemetryReader, type HostFigure } from '@pilothouse/db/timeseries';
import { Pool } from 'pg';
import type { BenchStore } from './bench-store.js';
import { median, milliseconds, printMachine, printTable, tenths } from '../kernel/measure.js';

const RUNS = 21;

/** History of some servers up to now, as people open it; with `read`, something else. */
export interface Chart {
  name: string;
  servers: number;
  rangeMs: number;
  figures: readonly HostFigure[];
  budgetMs?: number;
  read?: (reader: TelemetryReader) => Promise<unknown>;
}

/** Times the charts as the api's role with a workspace set, each time of other servers. */
export async function printCharts(store: BenchStore, charts: readonly Chart[]): Promise<void> {
  const pool = new Pool({ connectionString: store.appUrl, max: 1 });
  const reader = new TelemetryReader(async (sql, parameters) => (await pool.query(sql, parameters)).rows);
  await pool.query(`select set_config('app.workspace', $1, false)`, [store.workspaceId]);
  const rows = [];
  for (const chart of charts) {
    const read = () => (chart.read ? chart.read(reader) : history(store, reader, chart));
    const first = await milliseconds(read);
    const times: number[] = [];
    for (let index = 0; index < RUNS; index += 1) times.push(await milliseconds(read));
    rows.push([chart.name, ...[first, median(times), Math.max(...times)].map(tenths), chart.budgetMs ?? '']);
  }
  await pool.end();
  printTable(['chart', 'first, ms', `median of ${RUNS}, ms`, 'worst, ms', 'budget, ms'], rows);
  printMachine();
}

/** Of servers spread over all: neighbours would lie on the same pages. */
function history({ serverIds }: BenchStore, reader: TelemetryReader, chart: Chart): Promise<unknown> {
  const to = new Date();
  const first = randomInt(serverIds.length);
  const apart = Math.floor(serverIds.length / chart.servers);
  const chosen = Array.from(
    { length: chart.servers },
    (_, index) => serverIds[(first + index * apart) % serverIds.length]!,
  );
  const from = new Date(to.getTime() - chart.rangeMs);
  return reader.history({ serverIds: chosen, figures: chart.figures, from, to, maxPoints: 300 });
}
