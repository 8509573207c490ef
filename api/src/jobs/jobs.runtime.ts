import { JOBS_SCHEMA } from '@pilothouse/db';
import {
  createPostgresBackend,
  Queue,
  Worker,
  type JobProgress,
  type PostgresConnectionOptions,
  type PostgresQueueBackend,
} from 'bullmq';
import type { Logger } from '../kernel/log.js';
import type { Job } from './job.js';

const QUEUE = 'jobs';
const SECOND_MS = 1000;

/** Jobs that may run here at the same time: a long one does not hold up the sweeps. */
const CONCURRENCY = 4;
/** After the database was away. */
const RETRY_MS = SECOND_MS;
type PostgresQueue = Queue<
  unknown,
  unknown,
  string,
  unknown,
  unknown,
  string,
  PostgresQueueBackend,
  PostgresConnectionOptions
>;
type PostgresWorker = Worker<unknown, unknown, string, PostgresQueueBackend, JobProgress, PostgresConnectionOptions>;

export interface JobsRuntimeParts {
  /** Of the role ph_jobs. */
  url: string;
  jobs: readonly Job[];
  log: Logger;
  /** How often is looked whether every job still runs; one that has missed three runs and this long is scheduled anew. */
  tendMs?: number;
}

/**
 * Runs jobs at their intervals, once for all processes that have this runtime: BullMQ's schedulers, in a schema of the
 * same database. A process that is killed leaves its jobs to the others, or to its own next start.
 */
export class JobsRuntime {
  private readonly jobs: ReadonlyMap<string, Job>;
  private readonly lastRunAt = new Map<string, number>();
  private readonly runningHere = new Set<string>();
  private readonly tendMs: number;
  private readonly stopping = new AbortController();
  private queue: PostgresQueue | undefined;
  private worker: PostgresWorker | undefined;
  private tending: NodeJS.Timeout | undefined;

  constructor(private readonly parts: JobsRuntimeParts) {
    this.tendMs = parts.tendMs ?? 10 * SECOND_MS;
    this.jobs = new Map(parts.jobs.map((job) => [job.name, job]));
  }

  /** Resolves when every job is scheduled; each runs at once, and then at its intervals. */
  async start(): Promise<void> {
    const queue: PostgresQueue = new Queue(QUEUE, { connection: this.connection(2) }, createPostgresBackend);
    this.queue = queue;
    queue.on('error', (error) => this.parts.log.warn({ err: error }, 'The queue of jobs lost the database'));
    await queue.waitUntilReady();
    await this.forgetUnknown(queue);
    for (const job of this.jobs.values()) await this.schedule(job);
    this.worker = this.work();
    await this.worker.waitUntilReady();
    this.tending = setInterval(() => void this.tend(), this.tendMs);
  }

  /** Resolves when no job runs here any more. */
  async stop(): Promise<void> {
    this.stopping.abort();
    clearInterval(this.tending);
    await this.worker?.close();
    await this.queue?.close();
  }

  private work(): PostgresWorker {
    const { log } = this.parts;
    const options = {
      connection: this.connection(3),
      concurrency: CONCURRENCY,
      runRetryDelay: RETRY_MS,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    };
    const worker: PostgresWorker = new Worker(QUEUE, ({ name }) => this.run(name), options, createPostgresBackend);
    worker.on('error', (error) => log.warn({ err: error }, 'Jobs could not be fetched'));
    return worker;
  }

  /** A failure is for the log only: the next run finds the same rows. */
  private async run(name: string): Promise<void> {
    const job = this.jobs.get(name);
    // Another version's job, or one that takes longer than its interval.
    if (!job || this.runningHere.has(name)) return;
    this.runningHere.add(name);
    this.lastRunAt.set(name, performance.now());
    try {
      await job.run({ now: new Date(), signal: this.stopping.signal });
    } catch (error) {
      this.parts.log.error({ err: error, job: name }, 'A job failed; it runs again at its next interval');
    } finally {
      this.runningHere.delete(name);
    }
  }

  private async schedule({ name, everyMs }: Job): Promise<void> {
    await this.queue?.upsertJobScheduler(name, { every: everyMs }, { name });
    this.lastRunAt.set(name, performance.now());
  }

  private async forgetUnknown(queue: PostgresQueue): Promise<void> {
    for (const { key } of await queue.getJobSchedulers()) {
      if (!this.jobs.has(key)) await queue.removeJobScheduler(key);
    }
  }

  /**
   * A scheduler makes a job's next run when it takes up the one before; when the database goes away in between there is
   * no next. Where another process has run the job, scheduling it anew costs one run too many.
   */
  private async tend(): Promise<void> {
    for (const job of this.jobs.values()) {
      const silentMs = performance.now() - (this.lastRunAt.get(job.name) ?? 0);
      if (this.runningHere.has(job.name) || silentMs < 3 * job.everyMs + this.tendMs) continue;
      try {
        await this.schedule(job);
      } catch (error) {
        this.parts.log.warn({ err: error, job: job.name }, 'A job could not be scheduled; it is tried again');
      }
    }
  }

  private connection(max: number): PostgresConnectionOptions {
    const { url } = this.parts;
    return { connectionString: url, application_name: 'pilothouse jobs', max, schema: JOBS_SCHEMA, migrate: true };
  }
}
