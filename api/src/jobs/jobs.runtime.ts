import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../kernel/log.js';
import type { Job } from './job.js';
import type { JobsBackend, JobsQueue, JobsWorker } from './jobs.backend.js';

const QUEUE = 'jobs';
const SECOND_MS = 1000;
/** A backend that is away may not answer to a farewell. */
const FAREWELL_MS = 2 * SECOND_MS;

export interface JobsRuntimeParts {
  backend: JobsBackend;
  jobs: readonly Job[];
  log: Logger;
  /** A job that has missed three runs and this long is scheduled anew; 10 s if not given. */
  tendMs?: number;
  /** How often it is looked whether the backend is away and a job was missed; 1 s if not given. */
  lookEveryMs?: number;
}

/**
 * Runs jobs at their intervals, once for all processes that have this runtime, by BullMQ's schedulers. A process that is
 * killed leaves its jobs to the others, or to its own next start. While the backend is away every process runs all of
 * them by itself: that is twice, and harmless, where not at all would not be.
 */
export class JobsRuntime {
  private readonly jobs: ReadonlyMap<string, Job>;
  private readonly lastRunAt = new Map<string, number>();
  private readonly running = new Map<string, Promise<void>>();
  private readonly tendMs: number;
  private readonly stopping = new AbortController();
  private queue: JobsQueue | undefined;
  private worker: JobsWorker | undefined;
  private tending: NodeJS.Timeout | undefined;
  private wasAway = false;
  private isTending = false;

  constructor(private readonly parts: JobsRuntimeParts) {
    this.tendMs = parts.tendMs ?? 10 * SECOND_MS;
    this.jobs = new Map(parts.jobs.map((job) => [job.name, job]));
  }

  /** Resolves when every job is scheduled, or will be run from here; each runs at once, and then at its intervals. */
  async start(): Promise<void> {
    const { backend } = this.parts;
    this.queue = backend.queue(QUEUE);
    this.queue.on('error', (error) => this.complain(error, 'The queue of jobs lost its backend'));
    await backend.ready();
    this.wasAway = backend.isAway();
    if (!this.wasAway) await this.scheduleAll();
    this.worker = backend.worker(QUEUE, ({ name }) => this.runNamed(name));
    this.worker.on('error', (error) => this.complain(error, 'Jobs could not be fetched'));
    this.tending = setInterval(() => void this.tick(), this.parts.lookEveryMs ?? SECOND_MS);
    await this.tick();
  }

  /** Resolves when no job runs here any more. */
  async stop(): Promise<void> {
    this.stopping.abort();
    clearInterval(this.tending);
    await Promise.all(this.running.values());
    await Promise.race([this.leave(), delay(FAREWELL_MS, undefined, { ref: false })]);
    this.parts.backend.close();
  }

  private async leave(): Promise<void> {
    await this.worker?.close(this.parts.backend.isAway());
    await this.queue?.close();
  }

  private async runNamed(name: string): Promise<void> {
    const job = this.jobs.get(name);
    // Another version's job, or one that takes longer than its interval.
    if (job && !this.running.has(name)) await this.run(job);
  }

  private async run(job: Job): Promise<void> {
    if (this.stopping.signal.aborted) return;
    const work = this.attempt(job).finally(() => this.running.delete(job.name));
    this.running.set(job.name, work);
    this.lastRunAt.set(job.name, performance.now());
    await work;
  }

  /** A failure is for the log only: the next run finds the same rows. */
  private async attempt(job: Job): Promise<void> {
    try {
      await job.run({ now: new Date(), signal: this.stopping.signal });
    } catch (error) {
      this.parts.log.error({ err: error, job: job.name }, 'A job failed; it runs again at its next interval');
    }
  }

  private async scheduleAll(): Promise<void> {
    for (const { key } of (await this.queue?.getJobSchedulers()) ?? []) {
      if (!this.jobs.has(key)) await this.queue?.removeJobScheduler(key);
    }
    for (const job of this.jobs.values()) await this.schedule(job);
  }

  private async schedule({ name, everyMs }: Job): Promise<void> {
    await this.queue?.upsertJobScheduler(name, { every: everyMs }, { name });
    this.lastRunAt.set(name, performance.now());
  }

  private async tick(): Promise<void> {
    if (this.isTending) return;
    this.isTending = true;
    await this.tend();
    this.isTending = false;
  }

  private async tend(): Promise<void> {
    const isAway = this.parts.backend.isAway();
    if (isAway !== this.wasAway) await this.turn(isAway);
    for (const job of this.jobs.values()) {
      if (this.running.has(job.name)) continue;
      const silentMs = performance.now() - (this.lastRunAt.get(job.name) ?? -Infinity);
      if (isAway && silentMs >= job.everyMs) void this.run(job);
      else if (!isAway && silentMs >= 3 * job.everyMs + this.tendMs) await this.scheduleAnew(job);
    }
  }

  /** What the backend knew may be lost when it is back. */
  private async turn(isAway: boolean): Promise<void> {
    this.wasAway = isAway;
    const { log } = this.parts;
    if (isAway) return log.warn('The queue of jobs is away: this process runs every job by itself until it is back');
    log.info('The queue of jobs is back');
    await this.scheduleAll().catch((error: unknown) => this.complain(error, 'Jobs could not be scheduled'));
  }

  /**
   * A scheduler makes a job's next run when it takes up the one before; when the backend goes away in between there is
   * no next. Where another process has run the job, scheduling it anew costs one run too many.
   */
  private async scheduleAnew(job: Job): Promise<void> {
    try {
      await this.schedule(job);
    } catch (error) {
      this.complain(error, 'A job could not be scheduled; it is tried again');
    }
  }

  /** That it is away is said once. */
  private complain(error: unknown, sentence: string): void {
    if (!this.wasAway) this.parts.log.warn({ err: error }, sentence);
  }
}
