import { setTimeout as delay } from 'node:timers/promises';
import type { CommandResult, EnvelopeExpectation, FinalState } from '@pilothouse/protocol';
import type { StopOptions } from '../../kernel/capability.js';
import type { HostPolicyReading } from '../../kernel/host-policy.js';
import type { Log } from '../../kernel/log.js';
import type { AttemptEnd, CommandExecutor } from './command-executor.js';
import { forgetTime, type CommandLedger, type OpenCommand } from './command-ledger.js';
import { CommandQueue } from './command-queue.js';
import type { StartedInfo } from './command-records.js';
import { resultOfExit, resultOfLoss, resultWithoutStart, doneRecord, type ResultSubject } from './command-result.js';
import { judgeByPolicy, type AgentUser } from './policy-judgement.js';
import type { ControlSource } from './sources/control.source.js';
import type { OutputSource } from './sources/output.source.js';
import { findSpoolEnd } from './spool/spool-reader.js';
import { track } from './tracked-work.js';

/** An idempotent command is tried this often; one that brings the host down must not do so for ever. */
const MAX_ATTEMPTS = 3;
/** After a write that failed, on a full disk say. */
const RETRY_MS = 1000;

export const CANCELLED_BY_USER = 'The command was cancelled';
const REBOOTED = 'The host was restarted while the command ran; how far it came is not known';
const NOT_TAKEN = 'The command was not run: its runner ended before it took it';
const RUNNER_LOST =
  'The command was lost while it ran, and what was left of it was ended; how far it came is not known';

type LostAttempt = Extract<AttemptEnd, { kind: 'lost' }>;

/** Why a command does not start, and what becomes of it. */
export interface Refusal {
  state: FinalState;
  reason: string;
}

export interface SchedulerOptions {
  expectation: () => EnvelopeExpectation | null;
  hostPolicy: { read(): HostPolicyReading };
  agentUser: AgentUser;
  clock: { now(): Date };
  log: Pick<Log, 'warn'>;
  maxConcurrent: number;
  bootId: string;
  ledger: CommandLedger;
  control: ControlSource;
  output: OutputSource;
  executor: CommandExecutor;
}

/** Decides what starts when, and sees every command to its signed result. */
export class CommandScheduler {
  private readonly queue = new CommandQueue();
  /** Commands that take up one of the server's places. */
  private readonly occupied = new Set<string>();
  /** What must not be torn by a stop: starts under way, and ends not yet journaled. */
  private readonly starting = new Set<Promise<unknown>>();
  private readonly ending = new Set<Promise<unknown>>();
  private retry: NodeJS.Timeout | null = null;
  private stopping = false;

  constructor(private readonly options: SchedulerOptions) {}

  get queued(): number {
    return this.queue.size;
  }

  /** Takes up what the journal holds from before. */
  recover(): void {
    const { ledger, control, executor } = this.options;
    for (const command of ledger.openCommands()) {
      const { id } = command.intent;
      control.received(id);
      if (command.started) {
        control.started(id, command.started);
        this.occupied.add(id);
        this.see(command, this.complete(command, executor.reattach(command, command.started)));
      } else {
        this.queue.add(command);
      }
      if (ledger.wasCancelled(id)) this.see(command, this.cancel(id, CANCELLED_BY_USER));
    }
  }

  enqueue(command: OpenCommand): void {
    this.queue.add(command);
    this.schedule();
  }

  /** Takes back a command that could not be journaled. */
  withdraw(commandId: string): void {
    this.queue.remove(commandId);
  }

  /** Starts what may start now, in the order of the queue. */
  schedule(): void {
    for (let first = this.queue.first; first; first = this.queue.first) {
      const expected = this.options.expectation();
      if (this.stopping || this.retry || !expected) return;
      if (this.occupied.size >= Math.min(first.intent.limits.concurrency, this.options.maxConcurrent)) return;
      this.queue.takeFirst();
      const refusal = this.judge(first, expected);
      if (refusal) this.see(first, this.conclude(first, refusal));
      else this.begin(first);
    }
  }

  /** Idempotent; a command that is not here, or not any more, is nobody's to cancel. */
  async cancel(commandId: string, reason: string): Promise<void> {
    const { ledger, executor } = this.options;
    const command = ledger.openCommand(commandId);
    if (command && this.queue.remove(commandId)) await this.conclude(command, { state: 'CANCELLED', reason });
    else if (this.occupied.has(commandId)) executor.cancel(commandId, reason);
  }

  async stop({ cancelRunning, reason }: StopOptions): Promise<void> {
    this.stopping = true;
    if (this.retry) clearTimeout(this.retry);
    if (cancelRunning) await Promise.all([...this.occupied].map((commandId) => this.cancel(commandId, reason)));
    await Promise.all(this.starting);
    if (cancelRunning) await Promise.all(this.ending);
  }

  /** Ends a command that is not to be started, or not to be started again. */
  async conclude(command: OpenCommand, { state, reason }: Refusal): Promise<void> {
    const at = this.options.clock.now();
    const { started } = command;
    if (!started) return this.settle(command, resultWithoutStart(subjectOf(command), { state, reason, at }));
    const end = await findSpoolEnd(this.options.executor.directoryOf(command.intent.id).path);
    await this.settle(command, resultOfLoss(subjectOf(command), { started, reason, at, end }));
    await this.options.output.finish(command.intent.id, end);
  }

  private judge({ intent }: OpenCommand, expected: EnvelopeExpectation): Refusal | null {
    if (expected.now.getTime() >= Date.parse(intent.expiresAt)) {
      return { state: 'EXPIRED', reason: 'The command expired before its turn came' };
    }
    if (intent.generation !== expected.generation) {
      return { state: 'VETOED', reason: 'The command was signed for an earlier generation of this server' };
    }
    const reason = judgeByPolicy(intent, this.options.hostPolicy.read(), this.options.agentUser);
    return reason === null ? null : { state: 'VETOED', reason };
  }

  /** RECEIVED, when it is only now being written, and STARTED share one sync. */
  private begin(command: OpenCommand): void {
    const { ledger, control, executor, clock, bootId } = this.options;
    const { id } = command.intent;
    const attempt = (command.started?.attempt ?? 0) + 1;
    const startedAt = clock.now().toISOString();
    const started: StartedInfo = { startedAt, bootId, attempt, unit: executor.unitOf(id, attempt) };
    this.occupied.add(id);
    const launched = Promise.all([command.admitted, ledger.start(id, started)]).then(() => {
      control.started(id, started);
      return executor.launch(command, started);
    });
    void track(this.starting, launched).then(
      (failure) => {
        const end = failure ? Promise.resolve(failure) : executor.follow(command, started);
        this.see(command, this.complete(command, end));
      },
      (error: Error) => this.putBack(command, error),
    );
  }

  /** STARTED could not be written, so nothing was started. A command that is not journaled at all is simply gone. */
  private putBack(command: OpenCommand, error: Error): void {
    const { id } = command.intent;
    this.occupied.delete(id);
    if (this.options.ledger.openCommand(id)) {
      this.options.log.warn('A command has to wait: the journal cannot be written', { id, problem: error.message });
      this.queue.add(command);
      this.retry ??= setTimeout(() => {
        this.retry = null;
        this.schedule();
      }, RETRY_MS).unref();
    } else {
      this.schedule();
    }
  }

  /** Work that ends a command. If it fails, on a broken disk say, the next start of the agent takes it up again. */
  private see({ intent }: OpenCommand, work: Promise<void>): void {
    const seen = work.catch((error: Error) => {
      this.options.log.warn('A command could not be followed', { commandId: intent.id, problem: error.message });
    });
    void track(this.ending, seen);
  }

  private async complete(command: OpenCommand, attempt: Promise<AttemptEnd>): Promise<void> {
    const { output, clock, ledger } = this.options;
    const { intent } = command;
    const ended = await attempt;
    this.occupied.delete(intent.id);
    const mayRunAgain = intent.idempotent && !ledger.wasCancelled(intent.id);
    if (ended.kind === 'lost' && mayRunAgain && ended.started.attempt < MAX_ATTEMPTS) return this.enqueue(command);
    this.schedule();
    const subject = subjectOf(command);
    if (ended.kind === 'not-launched') {
      const at = clock.now();
      return this.settle(command, resultWithoutStart(subject, { state: 'FAILED', reason: ended.reason, at }));
    }
    const { started } = ended;
    if (ended.kind === 'exit') {
      const { timeoutMs } = intent.limits;
      await this.settle(command, resultOfExit(subject, { started, exit: ended.exit, timeoutMs }));
      await output.finish(intent.id, ended.exit.end);
    } else {
      await this.settle(command, resultOfLost(subject, ended, clock.now()));
      await output.finish(intent.id, ended.end);
    }
  }

  /** Nothing is said that is not on disk: on a full one the result waits. */
  private async settle({ intent }: OpenCommand, result: CommandResult): Promise<void> {
    const { ledger, control, log } = this.options;
    const record = doneRecord(result, forgetTime(intent.expiresAt));
    for (;;) {
      try {
        await ledger.finish(record);
        return control.result(record);
      } catch (error) {
        if (this.stopping) return;
        log.warn('A result has to wait: the journal cannot be written', {
          commandId: intent.id,
          problem: (error as Error).message,
        });
        await delay(RETRY_MS, undefined, { ref: false });
      }
    }
  }
}

function resultOfLost(
  subject: ResultSubject,
  { started, end, rebooted, neverBegan }: LostAttempt,
  at: Date,
): CommandResult {
  if (neverBegan) return resultWithoutStart(subject, { state: 'FAILED', reason: NOT_TAKEN, at });
  return resultOfLoss(subject, { started, reason: rebooted ? REBOOTED : RUNNER_LOST, at, end });
}

function subjectOf({ intent, envelopeDigest }: OpenCommand): ResultSubject {
  return { commandId: intent.id, envelopeDigest };
}
