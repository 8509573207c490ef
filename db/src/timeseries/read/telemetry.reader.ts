import { columnOf, HOST_FIGURES, PART_KINDS, type HostFigure, type PartKind } from '../figures.js';
import { HOST, MAX_PARTS_PER_KIND, PART, type Family } from '../tiers.js';
import { fillSeries, pointStarts } from './points.js';
import { chooseResolution, type Resolution } from './resolution.js';
import { seriesQuery } from './series.sql.js';
import {
  QUERY_LIMITS,
  TelemetryQueryError,
  type History,
  type HistoryRange,
  type HistoryRequest,
  type LatestSample,
  type PartHistoryRequest,
  type PartSeries,
  type Series,
  type TenantQuery,
  type TopServer,
} from './telemetry.query.js';

type Row = Record<string, unknown>;

/**
 * Reads telemetry of the workspace that the transaction behind `query` has set, through the schema `telemetry` only;
 * the same statements serve every driver. Which of the workspace's servers a person may see is the caller's to decide.
 *
 * @throws TelemetryQueryError where a request is outside `QUERY_LIMITS` or names what does not exist
 */
export class TelemetryReader {
  constructor(private readonly query: TenantQuery) {}

  /** The newest sample of each server that has one, in no order. At most 1,000 servers. */
  async latest(serverIds: readonly string[]): Promise<LatestSample[]> {
    demand(serverIds.length <= QUERY_LIMITS.latest, `At most ${QUERY_LIMITS.latest} servers at once`);
    const figures = HOST_FIGURES.map(({ name }) => `l.${columnOf(name)} as "${name}"`);
    const rows = await this.query(
      `select s.id as "serverId", l.time, ${figures.join(', ')}
         from public.servers s join telemetry.server_latest l on l.server_id = s.metric_key
        where s.id = any ($1::uuid[])`,
      [serverIds],
    );
    return rows as unknown as LatestSample[];
  }

  /** Figures of several servers over time, at the finest resolution that fits the range and `maxPoints`. */
  async history(request: HistoryRequest): Promise<History<Series<HostFigure>>> {
    const { serverIds, figures } = request;
    demand(serverIds.length <= QUERY_LIMITS.servers, `At most ${QUERY_LIMITS.servers} servers at once`);
    demandFigures(HOST, figures);
    const keys = await this.keysOf(serverIds);
    const resolution = await this.resolve(HOST, request);
    const points = await this.points(seriesQuery(HOST, resolution, figures), request, [[...keys.keys()]]);
    const starts = pointStarts(request.from, request.to, resolution.stepSeconds);
    const byServer = groupBy(points, 'server_id');
    const series = [...keys].flatMap(([key, serverId]) =>
      figures.map((figure) => ({ serverId, figure, ...fillSeries(starts, byServer.get(key) ?? [], figure) })),
    );
    return describe(resolution, starts, series);
  }

  /** The same for the parts of one kind of one server. */
  async partHistory(request: PartHistoryRequest): Promise<History<PartSeries>> {
    const { serverId, kind, figures, names } = request;
    demandFigures(PART, figures);
    demand((names?.length ?? 0) <= MAX_PARTS_PER_KIND, `At most ${MAX_PARTS_PER_KIND} parts at once`);
    const keys = await this.keysOf([serverId]);
    const parts = await this.parts(serverId, kind, names);
    const resolution = await this.resolve(PART, request);
    const ids = parts.map(({ id }) => id);
    const points = await this.points(seriesQuery(PART, resolution, figures), request, [[...keys.keys()], ids]);
    const starts = pointStarts(request.from, request.to, resolution.stepSeconds);
    const byPart = groupBy(points, 'part_id');
    const series = parts.flatMap(({ id, name }) =>
      figures.map((figure) => ({ serverId, name, figure, ...fillSeries(starts, byPart.get(id) ?? [], figure) })),
    );
    return describe(resolution, starts, series);
  }

  /** Names of the parts of one kind that the server has or had, those seen last first; at most 64. */
  async partNames(serverId: string, kind: PartKind): Promise<string[]> {
    return (await this.parts(serverId, kind)).map(({ name }) => name);
  }

  /**
   * Servers with the highest value of a figure now, among those heard of in the last 2 minutes and, where `within` is
   * given, in that set.
   */
  async top(figure: HostFigure, limit: number, within?: readonly string[]): Promise<TopServer[]> {
    demandFigures(HOST, [figure]);
    demand(Number.isInteger(limit) && limit >= 1 && limit <= QUERY_LIMITS.top, `A limit from 1 to ${QUERY_LIMITS.top}`);
    const column = columnOf(figure);
    const rows = await this.query(
      `select s.id as "serverId", l.time, l.${column}::float8 as value
         from telemetry.server_latest l join public.servers s on s.metric_key = l.server_id
        where l.time > now() - interval '2 minutes' and l.${column} is not null
          and ($2::uuid[] is null or s.id = any ($2::uuid[]))
        order by l.${column} desc, s.id limit $1`,
      [limit, within ?? null],
    );
    return rows as unknown as TopServer[];
  }

  private async keysOf(serverIds: readonly string[]): Promise<Map<number, string>> {
    const rows = await this.query('select metric_key, id from public.servers where id = any ($1::uuid[])', [serverIds]);
    const ids = new Map(rows.map((row) => [row['id'] as string, row['metric_key'] as number]));
    return new Map([...new Set(serverIds)].flatMap((id) => (ids.has(id) ? [[ids.get(id)!, id]] : [])));
  }

  private async parts(
    serverId: string,
    kind: PartKind,
    names?: readonly string[],
  ): Promise<{ id: number; name: string }[]> {
    demand(PART_KINDS.includes(kind), `There is no kind of part ${kind}`);
    const rows = await this.query(
      `select p.id, p.name from telemetry.part p join public.servers s on s.metric_key = p.server_id
        where s.id = $1 and p.kind = $2 and ($3::text[] is null or p.name = any ($3::text[]))
        order by p.last_seen_at desc, p.name limit ${MAX_PARTS_PER_KIND}`,
      [serverId, kind, names ?? null],
    );
    return rows as { id: number; name: string }[];
  }

  private async resolve(family: Family, { from, to, maxPoints }: HistoryRange): Promise<Resolution> {
    demand(from.getTime() < to.getTime(), 'The range must end after it begins');
    demand(
      Number.isInteger(maxPoints) && maxPoints >= 1 && maxPoints <= QUERY_LIMITS.points,
      `Points from 1 to ${QUERY_LIMITS.points}`,
    );
    const rows = await this.query('select tier, keep_days, now() as now from telemetry.retention', []);
    const keepDays = new Map(rows.map((row) => [row['tier'] as string, row['keep_days'] as number | null]));
    return chooseResolution(family, { from, to, maxPoints, now: rows[0]!['now'] as Date, keepDays });
  }

  private points(sql: string, { from, to }: HistoryRange, [servers, parts]: number[][]): Promise<Row[]> {
    return this.query(sql, [servers, from, to, ...(parts ? [parts] : [])]);
  }
}

function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw new TelemetryQueryError(message);
}

function demandFigures(family: Family, figures: readonly string[]): void {
  demand(figures.length > 0 && new Set(figures).size === figures.length, 'At least one figure, each once');
  for (const figure of figures) {
    demand(
      family.figures.some(({ name }) => name === figure),
      `There is no figure ${figure}`,
    );
  }
}

function groupBy(rows: readonly Row[], column: string): Map<number, Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    const key = row[column] as number;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

function describe<S>({ tier, stepSeconds }: Resolution, starts: readonly number[], series: S[]): History<S> {
  const times = starts.map((seconds) => new Date(seconds * 1000));
  return { stepSeconds, tierSeconds: tier.widthSeconds, times, series };
}
