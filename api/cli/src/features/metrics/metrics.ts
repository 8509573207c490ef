import { allPages } from '../../kernel/all-pages.js';
import type { Cli } from '../../kernel/cli.js';
import { usageError } from '../../kernel/cli-error.js';
import type { Session } from '../../kernel/session.js';
import type { HostFigure, LatestMetricsQuery, MetricsHistoryQuery } from '../../gql/graphql.js';
import { word } from '../../input/choice.js';
import { moment } from '../../input/duration.js';
import { mebibytes } from '../../ui/figures.js';
import { sparkline } from '../../ui/sparkline.js';
import { durationText, relativeTime } from '../../ui/times.js';
import { writeAll } from '../../ui/write-all.js';
import { findServer, findServers, serverNames } from '../servers/find-server.js';
import { FIGURES, USUAL_FIGURES } from './figures.js';
import { LatestMetrics, MetricsHistory, WatchMetrics } from './metrics.operations.js';

export interface MetricsOptions {
  from?: Date;
  to?: Date;
  figures?: HostFigure[];
  points?: number;
  csv?: boolean;
}

/** So many bars fit beside the numbers on 80 columns. */
const CHART_POINTS = 40;
const DOCUMENT_POINTS = 500;

/** Figures of one server over a range: a chart for people, every point in JSON and CSV. */
export async function showMetrics(cli: Cli, given: string, options: MetricsOptions): Promise<void> {
  const { to = new Date(), csv = false } = options;
  const from = options.from ?? moment('1h', to);
  if (from >= to) throw usageError('The range ends before it begins. Give --from before --to.');
  if (csv && cli.output.json) throw usageError('Give either --json or --csv.');
  const session = await cli.session();
  const server = await findServer(session, given);
  const input = {
    serverIds: [server.id],
    figures: options.figures ?? [...USUAL_FIGURES],
    from: from.toISOString(),
    to: to.toISOString(),
    maxPoints: options.points ?? (csv || cli.output.json ? DOCUMENT_POINTS : CHART_POINTS),
  };
  const { metricsHistory: history } = await session.ask(MetricsHistory, { input });
  if (csv) return writeAll(process.stdout, csvText(history));
  await cli.output.answer({ server, ...history }, () => chart(cli, server.name, history));
}

type History = MetricsHistoryQuery['metricsHistory'];

function chart({ output }: Cli, name: string, { series, times, stepSeconds }: History): string {
  if (series.every(({ avg }) => avg.every((value) => value === null)))
    return `Nothing was measured on ${name} in this time.\n`;
  const rows = series.map(({ figure, avg, max }) => {
    const { label, show, ceiling } = FIGURES[figure];
    const known = avg.filter((value) => value !== null);
    const highest = max.filter((value) => value !== null);
    const average = known.reduce((sum, value) => sum + value, 0) / known.length;
    const bars = sparkline(avg, { floor: 0, ...(ceiling !== undefined && { ceiling }) });
    if (known.length === 0) return [label, '', '', '', 'not measured'];
    return [label, show(known.at(-1) ?? 0), show(average), show(Math.max(...highest)), bars];
  });
  const step = durationText(stepSeconds * 1000);
  return output.table(
    [
      { title: 'FIGURE' },
      { title: 'LAST', align: 'right' },
      { title: 'AVERAGE', align: 'right' },
      { title: 'HIGHEST', align: 'right' },
      { title: `FROM ${relativeTime(times[0] ?? '').toUpperCase()}, A BAR IS ${step.toUpperCase()}` },
    ],
    rows,
  );
}

/** RFC 4180: a time, then the average and the highest value of each figure; empty where there was no sample. */
function csvText({ series, times }: History): string {
  const header = ['time', ...series.flatMap(({ figure }) => [word(figure), `${word(figure)}-max`])];
  const lines = times.map((time, index) => [
    time,
    ...series.flatMap(({ avg, max }) => [avg[index] ?? '', max[index] ?? '']),
  ]);
  return [header, ...lines].map((fields) => `${fields.join(',')}\r\n`).join('');
}

type Latest = LatestMetricsQuery['metricsLatest']['nodes'][number];
type Sample = NonNullable<Latest['sample']>;

const TOP_BY = {
  CPU: (sample: Sample) => sample.cpuPct,
  LOAD: (sample: Sample) => sample.load1,
  MEMORY: (sample: Sample) => sample.memUsedMib / Math.max(1, sample.memUsedMib + sample.memAvailableMib),
  DISK: (sample: Sample) => sample.diskUsedMib,
  NETWORK: (sample: Sample) => sample.netRxKibs + sample.netTxKibs,
} as const;

export type TopBy = keyof typeof TOP_BY;
export const TOP_FIGURES = Object.keys(TOP_BY) as TopBy[];

/** The newest sample of every server, the busiest first. */
export async function showTop(cli: Cli, { by = 'CPU', limit }: { by?: TopBy; limit: number }): Promise<void> {
  const session = await cli.session();
  const latest = await readLatest(session);
  const busiest = latest.toSorted((a, b) => TOP_BY[by](b.sample) - TOP_BY[by](a.sample)).slice(0, limit);
  const names = await serverNames(
    session,
    busiest.map(({ serverId }) => serverId),
  );
  const rows = busiest.map((each) => ({ ...each, serverName: names.get(each.serverId) ?? each.serverId }));
  await cli.output.answer(rows, () => {
    if (rows.length === 0) return 'No server has been measured yet.\n';
    return cli.output.table(
      [
        { title: 'SERVER' },
        { title: 'CPU', align: 'right' },
        { title: 'LOAD', align: 'right' },
        { title: 'MEMORY', align: 'right' },
        { title: 'DISK', align: 'right' },
        { title: 'NETWORK', align: 'right' },
        { title: 'MEASURED' },
      ],
      rows.map(({ serverName, sample }) => [
        serverName,
        FIGURES.CPU_PCT.show(sample.cpuPct),
        FIGURES.LOAD1.show(sample.load1),
        mebibytes(sample.memUsedMib),
        mebibytes(sample.diskUsedMib),
        FIGURES.NET_RX_KIBS.show(sample.netRxKibs + sample.netTxKibs),
        relativeTime(sample.at),
      ]),
    );
  });
}

async function readLatest(session: Session): Promise<(Latest & { sample: Sample })[]> {
  const latest = await allPages(async (page) => (await session.ask(LatestMetrics, page)).metricsLatest);
  return latest.flatMap(({ serverId, sample }) => (sample ? [{ serverId, sample }] : []));
}

/** Prints samples as they come, until it is interrupted. */
export async function watchMetrics(cli: Cli, given: string[]): Promise<void> {
  const session = await cli.session();
  const servers = new Map((await findServers(session, given)).map(({ id, name }) => [id, name]));
  const serverIds = [...servers.keys()];
  const samples = session.follow(WatchMetrics, {
    variables: () => ({ serverIds }),
    // Numbers rise for each server apart, and a stream begins with the newest sample of each: none of them is a repeat.
    item: ({ metricsSampled }) => ({ ...metricsSampled, end: true }),
    afterSeq: null,
    isLive: true,
  });
  const shown = new Map<string, string>();
  for await (const { serverId, gap, sample } of samples) {
    if (shown.get(serverId) === sample.at) continue;
    shown.set(serverId, sample.at);
    const serverName = servers.get(serverId) ?? serverId;
    await cli.output.event({ serverId, serverName, gap, sample }, () =>
      cli.output.line([
        new Date(sample.at).toLocaleTimeString('en-GB'),
        serverName,
        `cpu ${FIGURES.CPU_PCT.show(sample.cpuPct)}`,
        `load ${FIGURES.LOAD1.show(sample.load1)}`,
        `memory ${mebibytes(sample.memUsedMib)}`,
        `received ${FIGURES.NET_RX_KIBS.show(sample.netRxKibs)}`,
        `sent ${FIGURES.NET_TX_KIBS.show(sample.netTxKibs)}`,
      ]),
    );
  }
}
