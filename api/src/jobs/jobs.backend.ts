/** What the runtime needs of a queue of BullMQ, wherever that keeps its jobs. */
export interface JobsQueue {
  upsertJobScheduler(name: string, repeat: { every: number }, template: { name: string }): Promise<unknown>;
  getJobSchedulers(): Promise<readonly { key: string }[]>;
  removeJobScheduler(name: string): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): Promise<void>;
}

export interface JobsWorker {
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** `force` does not say goodbye to a backend that may not answer. */
  close(force: boolean): Promise<void>;
}

/** Jobs that were not done by their end leave nothing behind: what there is to do is found in the rows. */
export const WORKER_OPTIONS = {
  /** Jobs that may run here at the same time: a long one does not hold up the sweeps. */
  concurrency: 4,
  /** After the backend was away. */
  runRetryDelay: 1000,
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
} as const;

/** Where BullMQ keeps which job is due: two adapters, PostgreSQL and Redis. */
export interface JobsBackend {
  /** Resolves when it may be used, or when that is no longer waited for: see `isAway`. */
  ready(): Promise<void>;
  /** Whether jobs have to do without it. Never, where it is the database that they work on themselves. */
  isAway(): boolean;
  queue(name: string): JobsQueue;
  worker(name: string, run: (job: { name: string }) => Promise<void>): JobsWorker;
  /** Lets go of its connections, also while it is away. */
  close(): void;
}
