/** When a job runs. */
export interface JobRun {
  now: Date;
  /** Aborted when this process is to stop: a long job ends at its next step, and goes on where it runs next. */
  signal: AbortSignal;
}

/**
 * Something that is done over and over. What there is to do is found in the rows, never in the job, so that it may run
 * twice, at once, or not at all for a while, and nothing is lost or done twice.
 */
export interface Job {
  name: string;
  everyMs: number;
  run(run: JobRun): Promise<unknown>;
}
