import {
  TelemetryQueryError,
  type History,
  type HistoryRange,
  type HistoryRequest,
  type HostFigure,
  type LatestSample,
  type PartHistoryRequest,
  type PartKind,
  type PartSeries,
  type Series,
} from '@pilothouse/db/timeseries';
import type { Database, Transaction } from '../../kernel/database/index.js';
import { Fault } from '../../kernel/fault.js';
import { decodeIdCursor, pageSize, toPage, type Page } from '../../kernel/graphql/connection.js';
import type { RequestContext } from '../../kernel/request-context.js';
import { METRICS_LIMITS } from './metrics.limits.js';
import type { MetricsRepository } from './metrics.repository.js';
import { serverSet, type VisibleServers } from './visible-servers.js';

/** A sample as clients know it. */
export type ServerSample = { at: Date } & Omit<LatestSample, 'time' | 'serverId'>;

export interface ServerLatest {
  serverId: string;
  sample: ServerSample | null;
}

export interface LatestRequest {
  serverIds?: readonly string[] | null;
  first: number;
  after?: string | null;
}

export interface MetricsServiceParts {
  database: Database;
  repository: MetricsRepository;
  servers: VisibleServers;
}

/** Questions about what was measured. */
export class MetricsService {
  constructor(private readonly parts: MetricsServiceParts) {}

  /** The newest sample of each server, in the order of the servers' ids. */
  latest(ctx: RequestContext, { serverIds, first, after }: LatestRequest): Promise<Page<ServerLatest>> {
    const { database, repository, servers } = this.parts;
    const size = pageSize(first);
    const ids = serverIds ? serverSet(serverIds, METRICS_LIMITS.maxServers) : null;
    const afterId = after ? decodeIdCursor(after) : null;
    return database.read(ctx, async (tx) => {
      if (ids) await servers.demand(ctx, tx, ids);
      const page = toPage(await servers.page(ctx, tx, { ids, afterId, take: size + 1 }), size, (id) => [id]);
      const samples = new Map((await repository.latest(tx, page.items)).map((row) => [row.serverId, toSample(row)]));
      return { ...page, items: page.items.map((id) => ({ serverId: id, sample: samples.get(id) ?? null })) };
    });
  }

  /** Figures of servers over time; the narrowest points that the range and `maxPoints` allow. */
  history(ctx: RequestContext, request: HistoryRequest): Promise<History<Series<HostFigure>>> {
    const serverIds = serverSet(request.serverIds, METRICS_LIMITS.maxComparedServers);
    checkRange(request);
    checkAnswer(serverIds.length * request.figures.length * request.maxPoints);
    return this.onServers(ctx, serverIds, (tx) => this.parts.repository.history(tx, { ...request, serverIds }));
  }

  /** Names of the parts of one kind, those seen last first; at most 64. */
  hostParts(ctx: RequestContext, serverId: string, kind: PartKind): Promise<{ kind: PartKind; name: string }[]> {
    return this.onServers(ctx, [serverId], async (tx) => {
      const names = await this.parts.repository.partNames(tx, serverId, kind);
      return names.map((name) => ({ kind, name }));
    });
  }

  partHistory(ctx: RequestContext, request: PartHistoryRequest): Promise<History<PartSeries>> {
    checkRange(request);
    if (request.names?.some((name) => name.includes('\0'))) {
      throw new Fault('BAD_USER_INPUT', 'The name of a part must not hold NUL characters.');
    }
    const serverId = request.serverId.toLowerCase();
    return this.onServers(ctx, [serverId], (tx) => this.parts.repository.partHistory(tx, { ...request, serverId }));
  }

  private onServers<T>(
    ctx: RequestContext,
    serverIds: readonly string[],
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    return this.parts.database.read(ctx, async (tx) => {
      await this.parts.servers.demand(ctx, tx, serverIds);
      return work(tx).catch(asFault);
    });
  }
}

export function toSample({ time, serverId: _, ...figures }: LatestSample): ServerSample {
  return { at: time, ...figures };
}

function checkRange({ from, to, maxPoints }: HistoryRange): void {
  if (from.getTime() >= to.getTime()) throw new Fault('BAD_USER_INPUT', 'from must be before to.');
  if (to.getTime() - from.getTime() > METRICS_LIMITS.maxRangeMs) {
    throw new Fault('BAD_USER_INPUT', 'from and to must be at most 10 years apart.');
  }
  if (maxPoints < 1 || maxPoints > METRICS_LIMITS.maxPoints) {
    throw new Fault('BAD_USER_INPUT', `maxPoints must be from 1 to ${METRICS_LIMITS.maxPoints}.`);
  }
}

function checkAnswer(points: number): void {
  if (points <= METRICS_LIMITS.maxPointsOfAnswer) return;
  throw new Fault(
    'BAD_USER_INPUT',
    `Servers, figures and maxPoints multiplied must be at most ${METRICS_LIMITS.maxPointsOfAnswer}. Ask for fewer points.`,
  );
}

function asFault(error: unknown): never {
  if (error instanceof TelemetryQueryError) throw new Fault('BAD_USER_INPUT', `${error.message}.`);
  throw error;
}
