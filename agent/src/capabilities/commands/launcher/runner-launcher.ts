/** One attempt at a command, as launchers know it. */
export interface RunnerTask {
  commandId: string;
  /** Counts from 1. Each has its own unit: a name that was used is never started again. */
  attempt: number;
  directory: string;
}

/** Starts runners and finds them again. The runner lives on when the agent does not. */
export interface RunnerLauncher {
  /** Name of the unit `launch` will create, null where there are none; it is journaled before the unit exists. */
  unitOf(task: RunnerTask): string | null;
  /** Starts the runner of a prepared directory. @throws when no runner could be started: then nothing was run. */
  launch(task: RunnerTask): Promise<void>;
  /** Whether the runner still works on this task. */
  find(task: RunnerTask): Promise<'alive' | 'gone'>;
  /** Ends what a runner that is lost left running, as far as the command's directory does not tell of it. */
  endRemains(task: RunnerTask): Promise<void>;
  /** Told once a task has ended; a launcher may use its runner again. */
  release(task: RunnerTask): void;
  /** Lets go of spare runners, never of working ones. */
  close(): void;
}
