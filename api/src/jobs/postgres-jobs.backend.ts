import { JOBS_SCHEMA } from '@pilothouse/db';
import {
  createPostgresBackend,
  Queue,
  Worker,
  type JobProgress,
  type PostgresConnectionOptions,
  type PostgresQueueBackend,
} from 'bullmq';
import { WORKER_OPTIONS, type JobsBackend, type JobsQueue, type JobsWorker } from './jobs.backend.js';

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
type PostgresWorker = Worker<unknown, void, string, PostgresQueueBackend, JobProgress, PostgresConnectionOptions>;

/** A schema of the same database, as the role ph_jobs. */
export class PostgresJobsBackend implements JobsBackend {
  private made: PostgresQueue | undefined;

  constructor(private readonly url: string) {}

  async ready(): Promise<void> {
    await this.made?.waitUntilReady();
  }

  isAway(): boolean {
    return false;
  }

  queue(name: string): JobsQueue {
    const queue: PostgresQueue = new Queue(name, { connection: this.connection(2) }, createPostgresBackend);
    this.made = queue;
    return queue;
  }

  worker(name: string, run: (job: { name: string }) => Promise<void>): JobsWorker {
    const options = { ...WORKER_OPTIONS, connection: this.connection(3) };
    const worker: PostgresWorker = new Worker(name, run, options, createPostgresBackend);
    return worker;
  }

  close(): void {
    // Queue and worker end their pools themselves.
  }

  private connection(max: number): PostgresConnectionOptions {
    return { connectionString: this.url, application_name: 'pilothouse jobs', max, schema: JOBS_SCHEMA, migrate: true };
  }
}
