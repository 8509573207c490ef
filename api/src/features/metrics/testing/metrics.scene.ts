import { TelemetryWriter } from '@pilothouse/db/timeseries';
import { seedServer, seedWorkspace, type SeededWorkspace } from '@pilothouse/db/testing';
import type { HostPartSample, HostSample } from '@pilothouse/protocol';
import { Pool } from 'pg';
import { FeatureHarness } from '../../../testing/feature-harness.js';
import { createMetricsFeature, type MetricsIngest, type SamplingAgent } from '../index.js';

/** The metrics feature on a database of its own. */
export class MetricsScene {
  private constructor(
    readonly harness: FeatureHarness,
    readonly ingest: MetricsIngest,
    private readonly pool: Pool,
  ) {}

  static async open(options?: ConstructorParameters<typeof TelemetryWriter>[1]): Promise<MetricsScene> {
    const harness = await FeatureHarness.start();
    const pool = new Pool({ connectionString: harness.db.telemetryWriterUrl, max: 2 });
    const writer = new TelemetryWriter(pool, options);
    const { ingest, resolvers } = createMetricsFeature({ database: harness.database, bus: harness.bus, writer });
    await harness.serve(resolvers);
    return new MetricsScene(harness, ingest, pool);
  }

  workspace(): Promise<SeededWorkspace> {
    return seedWorkspace(this.harness.db);
  }

  /** A server whose agent is connected. */
  async agent({ workspaceId }: SeededWorkspace): Promise<SamplingAgent> {
    const { serverId } = await seedServer(this.harness.db, workspaceId, { session: { counter: 1 } });
    return { serverId, workspaceId, epoch: { generation: 1, counter: 1 } };
  }

  /** Servers that have never connected. */
  async servers({ workspaceId }: SeededWorkspace, count: number): Promise<string[]> {
    const rows = await this.harness.sql<{ id: string }>(
      `insert into servers (id, workspace_id, name, profile, scopes, created_at)
       select gen_random_uuid(), $1, 'server ' || n, 'full-access', '{}', now() from generate_series(1, $2::int) n returning id`,
      [workspaceId, count],
    );
    return rows.map(({ id }) => id);
  }

  /** What the job `telemetry-maintain` does: samples that came late are rolled up. */
  async rollUp(): Promise<void> {
    for (;;) {
      const [report] = await this.harness.sql<{ caught_up: boolean }>('select * from telemetry.maintain()');
      if (report?.caught_up) return;
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
    await this.harness.stop();
  }
}

/** The last whole minute, some minutes back. */
export function minutesAgo(minutes: number): Date {
  return new Date((Math.floor(Date.now() / 60_000) - minutes) * 60_000);
}

export function hostSample(at: Date, figures: Partial<HostSample> = {}): HostSample {
  return {
    cpuPct: 12.5,
    iowaitPct: 0.5,
    stealPct: 0,
    load1: 0.75,
    load5: 0.5,
    load15: 0.25,
    memUsedMib: 2048,
    memAvailableMib: 6144,
    swapUsedMib: 0,
    diskUsedMib: 40_960,
    diskReadKibs: 12,
    diskWriteKibs: 340,
    netRxKibs: 25,
    netTxKibs: 31,
    processCount: 214,
    inodesUsedPct: 7,
    psiCpuPct: null,
    psiMemoryPct: null,
    psiIoPct: null,
    ...figures,
    time: at.toISOString(),
  };
}

export function mountSample(at: Date, name: string, usedPct: number): HostPartSample {
  return {
    kind: 'MOUNT',
    name,
    usedPct,
    usedMib: 5000,
    sizeMib: 10_000,
    inodesUsedPct: 3,
    busyPct: null,
    readKibs: null,
    writeKibs: null,
    rxKibs: null,
    txKibs: null,
    time: at.toISOString(),
  };
}
