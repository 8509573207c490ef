import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fchownSync, openSync, readFileSync, renameSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SpoolWriter } from '../spool/spool-writer.js';
import { writeExitRecord } from './exit-file.js';
import { closeWriteEnds, givePipesTo, PipeReader, type OutputPipes } from './output-pipes.js';
import { endProcesses, signalGroup, type GroupSignal } from './process-group.js';
import { identifyProcess } from './process-identity.js';
import { JOB_FILES, type ExitRecord, type RunnerJob } from './runner-job.js';
import { failureOf, planStart, SCRIPT_DESCRIPTOR, StartFailure, type StartPlan } from './start-plan.js';
import { UnitStrays } from './unit-strays.js';

/**
 * How long after the main process's end a process it left behind may keep the output open. What was written before is
 * never lost by it; what such a process writes later is nobody's output.
 */
const OUTPUT_GRACE_MS = 250;
/** The cancel file is watched; this is for hosts whose watches ran out. */
const CANCEL_POLL_MS = 1000;

type Ending = Pick<ExitRecord, 'cause' | 'exitCode' | 'signal' | 'reason'>;

/** Runs the one job of a directory to its end and leaves the exit record there. Needs no agent once begun. */
export async function runJob(directory: string, pipes: OutputPipes): Promise<void> {
  const job = takeJob(directory);
  const spool = new SpoolWriter(directory, job, job.outputStart);
  const take = spool.append.bind(spool);
  const readers = [
    new PipeReader(pipes.stdout.readEnd, 'STDOUT', take),
    new PipeReader(pipes.stderr.readEnd, 'STDERR', take),
  ];
  const begunAt = performance.now();
  const ending = await execute(directory, job, pipes);
  const durationMs = Math.round(performance.now() - begunAt);
  await withinMs(Promise.all(readers.map((reader) => reader.ended)), OUTPUT_GRACE_MS);
  for (const reader of readers) reader.stop();
  await writeExitRecord(directory, { ...ending, durationMs, ...spool.close() });
}

function takeJob(directory: string): RunnerJob {
  const taken = join(directory, JOB_FILES.taken);
  renameSync(join(directory, JOB_FILES.job), taken);
  return JSON.parse(readFileSync(taken, 'utf8')) as RunnerJob;
}

async function execute(directory: string, job: RunnerJob, pipes: OutputPipes): Promise<Ending> {
  const cancel = new CancelWatch(directory);
  try {
    if (cancel.reason !== null) {
      closeWriteEnds(pipes);
      return { cause: 'cancel', exitCode: null, signal: null, reason: cancel.reason };
    }
    const child = await start(directory, job, pipes);
    return await supervise(child, job, cancel);
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    return { cause: 'start-failed', exitCode: error.exitCode, signal: null, reason: error.message };
  } finally {
    cancel.close();
  }
}

async function start(directory: string, job: RunnerJob, pipes: OutputPipes): Promise<ChildProcess> {
  const opened: number[] = [];
  const openForCommand = (name: string, plan: StartPlan) => {
    const descriptor = openSync(name, 'r');
    opened.push(descriptor);
    if (plan.switchesUser && name !== '/dev/null') fchownSync(descriptor, plan.account.uid, plan.account.gid);
    return descriptor;
  };
  try {
    const plan = planStart(directory, job);
    if (plan.switchesUser) givePipesTo(pipes, plan.account.uid, plan.account.gid);
    const stdin = openForCommand(job.hasStdin ? join(directory, JOB_FILES.stdin) : '/dev/null', plan);
    const stdio = [stdin, pipes.stdout.writeEnd, pipes.stderr.writeEnd];
    if (plan.switchesUser && job.program.type === 'script') {
      stdio[SCRIPT_DESCRIPTOR] = openForCommand(join(directory, JOB_FILES.script), plan);
    }
    const { file, argv, workingDirectory: cwd, environment: env } = plan;
    const child = spawn(file, argv, { cwd, env, stdio, detached: true });
    const program = job.program.type === 'argv' ? (job.program.argv[0] as string) : job.program.interpreter;
    if (child.pid === undefined) throw await refusedStart(child, program);
    writeFileSync(join(directory, JOB_FILES.child), JSON.stringify(identifyProcess(child.pid)), { mode: 0o600 });
    return child;
  } finally {
    closeWriteEnds(pipes);
    for (const descriptor of opened) closeSync(descriptor);
  }
}

function refusedStart(child: ChildProcess, program: string): Promise<StartFailure> {
  return new Promise((resolve) => child.once('error', (error) => resolve(failureOf(error, program))));
}

/** Waits for the main process; ends the whole group and unit when the time is over or the command is cancelled. */
async function supervise(child: ChildProcess, job: RunnerJob, cancel: CancelWatch): Promise<Ending> {
  const exited = new Promise<Pick<Ending, 'exitCode' | 'signal'>>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  let cause: Ending['cause'] = 'exit';
  const groupId = child.pid as number;
  const strays = UnitStrays.find(job.commandId);
  const send = (signal: GroupSignal) => {
    const isAnyInGroup = signalGroup(groupId, signal);
    return (strays?.signal(groupId, signal) ?? false) || isAnyInGroup;
  };
  let allEnded: Promise<void> = Promise.resolve();
  const stop = (why: 'timeout' | 'cancel') => {
    if (cause !== 'exit') return;
    cause = why;
    allEnded = endProcesses(send, job.killGraceMs);
  };
  const timer = setTimeout(stop, job.timeoutMs, 'timeout');
  cancel.onCancel(() => stop('cancel'));
  const ending = await exited;
  clearTimeout(timer);
  await allEnded;
  return { cause, ...ending, reason: (cause as string) === 'cancel' ? cancel.reason : null };
}

/** Notices the cancel file, and SIGTERM as systemd sends it when the host shuts down. */
class CancelWatch {
  reason: string | null = null;
  private listener: (() => void) | null = null;
  private readonly poll: NodeJS.Timeout;
  private readonly watcher: ReturnType<typeof watch> | null;

  constructor(private readonly directory: string) {
    this.watcher = this.startWatching();
    this.poll = setInterval(this.look, CANCEL_POLL_MS);
    process.on('SIGTERM', this.onTerminate);
    this.look();
  }

  onCancel(listener: () => void): void {
    this.listener = listener;
    if (this.reason !== null) listener();
  }

  close(): void {
    this.listener = null;
    this.watcher?.close();
    clearInterval(this.poll);
    process.off('SIGTERM', this.onTerminate);
  }

  private startWatching(): ReturnType<typeof watch> | null {
    try {
      return watch(join(this.directory, JOB_FILES.controlDirectory), this.look);
    } catch {
      // The host's watches are used up: the poll remains.
      return null;
    }
  }

  private readonly look = () => {
    if (this.reason !== null) return;
    try {
      const text = readFileSync(join(this.directory, JOB_FILES.cancel), 'utf8');
      this.cancel((JSON.parse(text) as { reason: string }).reason);
    } catch {
      // Not there: nobody cancelled.
    }
  };

  private readonly onTerminate = () => {
    this.look();
    this.cancel('The command was told to stop because the host is shutting down');
  };

  private cancel(reason: string): void {
    this.reason ??= reason;
    this.listener?.();
  }
}

function withinMs(promise: Promise<unknown>, limitMs: number): Promise<unknown> {
  let timer: NodeJS.Timeout;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}
