import { TELEMETRY_LIMITS } from '@pilothouse/protocol';
import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { follow } from '../../kernel/streams/follow.js';
import { METRICS_LIMITS } from './metrics.limits.js';
import type { MetricsRepository } from './metrics.repository.js';
import { toSample, type ServerSample } from './metrics.service.js';
import { serverSet, type VisibleServers } from './visible-servers.js';

export interface SampledEvent {
  /** The sample's time in seconds since 1970. */
  seq: number;
  serverId: string;
  sample: ServerSample;
  gap: boolean;
}

export interface LiveMetricsParts {
  database: Database;
  bus: EventBus;
  repository: MetricsRepository;
  servers: VisibleServers;
}

/**
 * Live samples by the live policy: nothing is kept for a reader, so that a slow one skips to the newest sample of each
 * server and is told of the gap. The newest samples come at once. Which servers may be seen is asked at every read.
 */
export class LiveMetrics {
  constructor(private readonly parts: LiveMetricsParts) {}

  /** @throws BAD_USER_INPUT, NOT_FOUND before the first event. */
  async sampled(ctx: WorkspaceContext, serverIds: readonly string[]): Promise<AsyncGenerator<SampledEvent, void>> {
    const { database, bus, servers } = this.parts;
    const ids = serverSet(serverIds, METRICS_LIMITS.maxServers);
    await database.read(ctx, (tx) => servers.demand(ctx, tx, ids));
    const sentSeconds = new Map<string, number>();
    return follow({
      bus,
      topic: `metrics:${ctx.workspaceId}`,
      read: () => this.readNew(ctx, ids, sentSeconds),
      pollMs: TELEMETRY_LIMITS.sampleIntervalMs / 5,
    });
  }

  private async readNew(
    ctx: WorkspaceContext,
    ids: readonly string[],
    sentSeconds: Map<string, number>,
  ): Promise<SampledEvent[]> {
    const { database, repository, servers } = this.parts;
    const latest = await database.read(ctx, async (tx) => repository.latest(tx, await servers.among(ctx, tx, ids)));
    return latest.flatMap((row) => {
      const { serverId } = row;
      const seq = row.time.getTime() / 1000;
      const sent = sentSeconds.get(serverId);
      if (sent !== undefined && seq <= sent) return [];
      sentSeconds.set(serverId, seq);
      const gap = sent !== undefined && (seq - sent) * 1000 > TELEMETRY_LIMITS.sampleIntervalMs;
      return [{ seq, serverId, sample: toSample(row), gap }];
    });
  }
}
