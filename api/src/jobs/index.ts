/** Jobs: what the control plane does by itself, over and over. */
import { maintainTelemetry } from '@pilothouse/db/timeseries';
import { openPool, type Pool } from '../kernel/database/index.js';
import type { Logger } from '../kernel/log.js';
import type { RedisPlace } from '../kernel/redis-event-bus.js';
import type { Job } from './job.js';
import { JobsRuntime } from './jobs.runtime.js';
import { PostgresJobsBackend } from './postgres-jobs.backend.js';
import { RedisJobsBackend } from './redis-jobs.backend.js';
import { retentionJob } from './retention.job.js';
import { RetentionRepository } from './retention.repository.js';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** What features have to have done; each finds in the rows what is due, and may run anywhere, at any time. */
export interface Sweeps {
  /** Ends commands whose lease or deadline has lapsed. */
  commands(now: Date): Promise<unknown>;
  /** Takes the next step of every run that is not over. */
  runs(): Promise<unknown>;
  /** Closes the sessions of agents that were not heard of. */
  agents(now: Date): Promise<unknown>;
  /** Anchors audit chains that have grown. */
  anchors(): Promise<unknown>;
}

export interface JobsParts {
  /** Of the role ph_jobs. */
  url: string;
  /** Where the queue is; null: in the same database. */
  redis: RedisPlace | null;
  sweeps: Sweeps;
  log: Logger;
}

export function createJobs({ url, redis, log, sweeps }: JobsParts): {
  jobs: readonly Job[];
  start: () => Promise<void>;
  stop: () => Promise<void>;
} {
  const pool = openPool(url, { applicationName: 'pilothouse retention', size: 2, log });
  const jobs: Job[] = [
    { name: 'sweep-commands', everyMs: 5 * SECOND_MS, run: ({ now }) => sweeps.commands(now) },
    { name: 'advance-runs', everyMs: SECOND_MS, run: () => sweeps.runs() },
    { name: 'sweep-agents', everyMs: 5 * SECOND_MS, run: ({ now }) => sweeps.agents(now) },
    { name: 'anchor-audit', everyMs: 5 * MINUTE_MS, run: () => sweeps.anchors() },
    { name: 'telemetry-maintain', everyMs: MINUTE_MS, run: () => maintain(pool) },
    retentionJob({ repository: new RetentionRepository(pool), log }),
  ];
  const runtime = new JobsRuntime({
    backend: redis ? new RedisJobsBackend(redis) : new PostgresJobsBackend(url),
    jobs,
    log,
  });
  return {
    jobs,
    start: () => runtime.start(),
    stop: async () => {
      await runtime.stop();
      await pool.end();
    },
  };
}

async function maintain(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await maintainTelemetry(client);
  } finally {
    client.release();
  }
}
