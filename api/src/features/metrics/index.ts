/** Metrics: what agents measured, taken in, watched live and asked about afterwards. */
import type { TelemetryWriter } from '@pilothouse/db/timeseries';
import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { MetricsIngest } from './metrics.ingest.js';
import { LiveMetrics } from './metrics.live.js';
import { MetricsRepository } from './metrics.repository.js';
import { MetricsResolver } from './metrics.resolver.js';
import { MetricsService } from './metrics.service.js';
import { metricsSubscription } from './metrics.subscription.js';
import { VisibleServers } from './visible-servers.js';
import { WakeLimiter } from './wake.limiter.js';

export type { IngestReport, MetricsIngest, SamplingAgent } from './metrics.ingest.js';

export interface MetricsParts {
  database: Database;
  bus: EventBus;
  writer: TelemetryWriter;
}

export function createMetricsFeature({ database, bus, writer }: MetricsParts) {
  const repository = new MetricsRepository();
  const reading = { database, repository, servers: new VisibleServers(repository) };
  return {
    ingest: new MetricsIngest({ writer, wakes: new WakeLimiter(bus) }),
    resolvers: [
      new MetricsResolver(new MetricsService(reading)),
      metricsSubscription(new LiveMetrics({ ...reading, bus })),
    ],
  };
}
