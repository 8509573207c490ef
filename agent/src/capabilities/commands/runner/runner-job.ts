import type { SpoolPosition } from '../spool/spool-format.js';

/** What the agent asks of a runner: `job.json` in the command's directory. */
export interface RunnerJob {
  commandId: string;
  /** A script stands in the file `script` beside it. */
  program: { type: 'argv'; argv: string[] } | { type: 'script'; interpreter: 'sh' | 'bash' };
  workingDirectory: string | null;
  user: string | null;
  environment: Record<string, string>;
  /** Whether there is a file `stdin`; otherwise standard input is empty. */
  hasStdin: boolean;
  timeoutMs: number;
  killGraceMs: number;
  keptHeadBytes: number;
  keptTailBytes: number;
  /** Where an earlier attempt's output ended; numbers go on from there. */
  outputStart: SpoolPosition;
}

/** Why a command's main process is no more. */
export type EndCause = 'exit' | 'timeout' | 'cancel' | 'start-failed';

/** What a runner leaves behind: `exit.json`. Times are durations of the monotonic clock. */
export interface ExitRecord {
  cause: EndCause;
  exitCode: number | null;
  signal: string | null;
  /** A sentence for people: why it could not be started, or why it was cancelled. */
  reason: string | null;
  durationMs: number;
  end: SpoolPosition;
  stdoutSha256: string;
  stderrSha256: string;
}

/** Names of the files in a command's directory, `<state>/commands/<id>/`. */
export const JOB_FILES = {
  job: 'job.json',
  /** The job once its runner has taken it, before anything of it runs. A renamed file needs no room on the disk. */
  taken: 'job.taken.json',
  /** The job once the agent has taken it back from a runner that is lost: of the two only one can. */
  withdrawn: 'job.withdrawn.json',
  script: 'script',
  stdin: 'stdin',
  exit: 'exit.json',
  /** Room on the disk for it, taken before the start. */
  exitReserve: 'exit.json.part',
  /** The runner: its pid and when the kernel says it started. */
  runner: 'pid',
  /** The command's main process, which leads its process group, in the same form. */
  child: 'child',
  /** The one file that is written to a running command; in a directory of its own, for a quiet watch. */
  controlDirectory: 'control',
  cancel: 'control/cancel.json',
  /** What of the output the control plane has. */
  progress: 'progress',
} as const;
