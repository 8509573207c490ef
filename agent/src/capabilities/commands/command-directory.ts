import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { COMMAND_LIMITS, type CommandIntent } from '@pilothouse/protocol';
import { z } from 'zod';
import { isAlive, readIdentity } from './runner/process-identity.js';
import { signalGroup } from './runner/process-group.js';
import { JOB_FILES, type RunnerJob } from './runner/runner-job.js';
import { SPOOL_START, type SpoolPosition } from './spool/spool-format.js';

const EXIT_RESERVE_BYTES = 4096;

const position = z.object({ seq: z.int().min(0), stdoutBytes: z.int().min(0), stderrBytes: z.int().min(0) });

const exitRecordSchema = z.object({
  cause: z.enum(['exit', 'timeout', 'cancel', 'start-failed']),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  reason: z.string().nullable(),
  durationMs: z.int().min(0),
  end: position,
  stdoutSha256: z.string(),
  stderrSha256: z.string(),
});
export type KnownExit = z.infer<typeof exitRecordSchema>;

/**
 * The agent's side of `<state>/commands/<id>/`, which it shares with the runner. Its small files are written and read
 * synchronously: that takes some microseconds, where a way through the thread pool of a busy host takes milliseconds.
 */
export class CommandDirectory {
  constructor(readonly path: string) {}

  /** Writes all that the runner needs. `outputStart` is where an earlier attempt's output ended. */
  prepare(intent: CommandIntent, outputStart: SpoolPosition): void {
    const { program, stdin, workingDirectory, user, environment } = intent.arguments;
    mkdirSync(join(this.path, JOB_FILES.controlDirectory), { recursive: true, mode: 0o700 });
    const job: RunnerJob = {
      commandId: intent.id,
      program: program.type === 'argv' ? program : { type: 'script', interpreter: program.interpreter },
      workingDirectory,
      user,
      environment,
      hasStdin: stdin !== null,
      timeoutMs: intent.limits.timeoutMs,
      killGraceMs: COMMAND_LIMITS.killGraceMs,
      keptHeadBytes: intent.limits.keptHeadBytes,
      keptTailBytes: intent.limits.keptTailBytes,
      outputStart,
    };
    this.write(JOB_FILES.job, JSON.stringify(job));
    this.write(JOB_FILES.exitReserve, ' '.repeat(EXIT_RESERVE_BYTES));
    if (program.type === 'script') this.write(JOB_FILES.script, program.script, 0o700);
    if (stdin !== null) this.write(JOB_FILES.stdin, Buffer.from(stdin, 'base64'));
  }

  /** Whether no runner has taken the command; then none will any more, and nothing of it has run. */
  withdraw(): boolean {
    try {
      renameSync(join(this.path, JOB_FILES.job), join(this.path, JOB_FILES.withdrawn));
    } catch {
      // A runner has taken it, or it was never prepared.
    }
    return !existsSync(join(this.path, JOB_FILES.taken));
  }

  /** How the command ended; null while there is no readable record of it. */
  readExit(): KnownExit | null {
    try {
      const text = readFileSync(join(this.path, JOB_FILES.exit), 'utf8');
      return exitRecordSchema.safeParse(JSON.parse(text)).data ?? null;
    } catch {
      // Not there, or not JSON: there is no record.
      return null;
    }
  }

  /** Asks the runner to end the command. The first reason stays. */
  requestCancel(reason: string): void {
    this.write(`${JOB_FILES.cancel}.part`, JSON.stringify({ reason }));
    renameSync(join(this.path, `${JOB_FILES.cancel}.part`), join(this.path, JOB_FILES.cancel));
  }

  /** Ends what a lost runner left of its command, so that no time-out or cancel is escaped that way. */
  killOrphans(): void {
    const child = readIdentity(join(this.path, JOB_FILES.child));
    if (child && isAlive(child)) signalGroup(child.pid, 'SIGKILL');
  }

  /** What of the output the control plane has; the start when that was never noted. */
  readProgress(): SpoolPosition {
    try {
      return position.parse(JSON.parse(readFileSync(join(this.path, JOB_FILES.progress), 'utf8')));
    } catch {
      // Nothing sent yet. At worst output is sent again, which its numbers make harmless.
      return SPOOL_START;
    }
  }

  /** Not synced: what a power cut takes back is sent again. */
  writeProgress(progress: SpoolPosition): void {
    this.write(JOB_FILES.progress, JSON.stringify(progress));
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  private write(name: string, data: string | Uint8Array, mode = 0o600): void {
    writeFileSync(join(this.path, name), data, { mode });
  }
}
