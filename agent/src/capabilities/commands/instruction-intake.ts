import {
  COMMAND_LIMITS,
  ENVELOPE_LIMITS,
  openEnvelope,
  sha256Hex,
  type CancelIntent,
  type CommandIntent,
  type EnvelopeExpectation,
  type EnvelopeProblem,
  type Intent,
  type OpenedEnvelope,
  type PassingRefusal,
  type SignedEnvelope,
} from '@pilothouse/protocol';
import type { Delivery } from '../../kernel/capability.js';
import { resultWithoutStart, doneRecord } from './command-result.js';
import { CANCELLED_BY_USER, type CommandScheduler, type Refusal, type SchedulerOptions } from './command-scheduler.js';
import { judgeByPolicy } from './policy-judgement.js';

/** Why an instruction was refused before it became a command; the last three may be delivered again later. */
export type RefusalProblem = EnvelopeProblem | PassingRefusal;

/**
 * The agent's idea of the control plane's time lags by as much as the handshake's answer was under way; an envelope from
 * so little in the future is valid now.
 */
const CLOCK_TOLERANCE_MS = 30_000;

/** Genuine, and only at the wrong time: these are answered with a result. */
const TIME_REFUSALS: Partial<Record<EnvelopeProblem, Refusal>> = {
  EXPIRED: { state: 'EXPIRED', reason: 'The command had expired when it arrived' },
  NOT_YET_VALID: { state: 'VETOED', reason: 'The command is not valid yet' },
};

type RefusedEnvelope = Extract<OpenedEnvelope, { ok: false }>;

export interface IntakeOptions extends SchedulerOptions {
  scheduler: CommandScheduler;
}

/** Judges every delivered instruction, and writes it down before anything comes of it. */
export class InstructionIntake {
  constructor(private readonly options: IntakeOptions) {}

  async accept({ deliveryId, envelope }: Delivery): Promise<void> {
    const { ledger, control } = this.options;
    const expected = this.options.expectation();
    if (!expected) return control.refused(deliveryId, 'NO_HANDSHAKE' satisfies RefusalProblem);
    ledger.forget(expected.now);
    try {
      const opened = openTolerantly(envelope, expected);
      if (opened.ok) await this.take(deliveryId, opened.envelope.intent, envelope);
      else await this.refuse(deliveryId, opened, envelope);
    } catch (error) {
      this.options.log.warn('An instruction could not be journaled', { deliveryId, problem: (error as Error).message });
      control.refused(deliveryId, 'NO_SPACE' satisfies RefusalProblem);
    }
  }

  private async take(deliveryId: string, intent: Intent, envelope: SignedEnvelope): Promise<void> {
    if (this.options.ledger.phaseOf(intent.id)) await this.reportAgain(intent.id);
    else if (intent.kind === 'cancel') await this.takeCancel(intent);
    else if (intent.kind === 'command') await this.takeCommand(deliveryId, intent, envelope);
    else intent satisfies never;
  }

  private async refuse(deliveryId: string, { problem, id }: RefusedEnvelope, envelope: SignedEnvelope): Promise<void> {
    const refusal = TIME_REFUSALS[problem];
    if (!refusal || id === null) this.options.control.refused(deliveryId, problem);
    else if (this.options.ledger.phaseOf(id)) await this.reportAgain(id);
    else await this.refuseForGood(id, envelope, refusal);
  }

  private async takeCommand(deliveryId: string, intent: CommandIntent, envelope: SignedEnvelope): Promise<void> {
    const { ledger, control, scheduler } = this.options;
    const refusal = this.judge(intent);
    if (refusal) return this.refuseForGood(intent.id, envelope, refusal);
    if (scheduler.queued >= COMMAND_LIMITS.maxQueuedPerServer) {
      return control.refused(deliveryId, 'QUEUE_FULL' satisfies RefusalProblem);
    }
    const command = ledger.receive(intent, envelope.bytes);
    command.admitted = command.admitted.then(() => control.received(intent.id));
    scheduler.enqueue(command);
    try {
      await command.admitted;
    } catch (error) {
      scheduler.withdraw(intent.id);
      throw error;
    }
  }

  private judge(intent: CommandIntent): Refusal | null {
    const { ledger, hostPolicy, agentUser } = this.options;
    if (ledger.wasCancelled(intent.id)) return { state: 'CANCELLED', reason: CANCELLED_BY_USER };
    const veto = judgeByPolicy(intent, hostPolicy.read(), agentUser);
    return veto === null ? null : { state: 'VETOED', reason: veto };
  }

  private async takeCancel({ id, expiresAt, arguments: { commandId } }: CancelIntent): Promise<void> {
    const { ledger, control, scheduler } = this.options;
    await ledger.receiveCancel(id, commandId, expiresAt);
    control.received(id);
    await scheduler.cancel(commandId, CANCELLED_BY_USER);
  }

  /** A genuine command that is not taken still gets its signed result. */
  private async refuseForGood(commandId: string, envelope: SignedEnvelope, refusal: Refusal): Promise<void> {
    const { ledger, control, clock } = this.options;
    const at = clock.now();
    const subject = { commandId, envelopeDigest: sha256Hex(envelope.bytes) };
    const record = doneRecord(resultWithoutStart(subject, { ...refusal, at }), latestForgetTime(at));
    await ledger.finish(record);
    control.result(record);
  }

  /** A delivery of what is known already means that the control plane has missed something. */
  private async reportAgain(id: string): Promise<void> {
    const { ledger, control } = this.options;
    const open = ledger.openCommand(id);
    if (open) {
      await open.admitted;
      control.received(id);
      if (open.started) control.started(id, open.started);
    } else if (ledger.phaseOf(id) === 'cancel') {
      control.received(id);
    } else {
      const record = await ledger.findResult(id);
      if (record) control.result(record);
    }
  }
}

function openTolerantly(envelope: SignedEnvelope, expected: EnvelopeExpectation): OpenedEnvelope {
  const opened = openEnvelope(envelope, expected);
  if (opened.ok || opened.problem !== 'NOT_YET_VALID') return opened;
  return openEnvelope(envelope, { ...expected, now: new Date(expected.now.getTime() + CLOCK_TOLERANCE_MS) });
}

/** Until when an id of any expiry must be remembered. */
function latestForgetTime(now: Date): number {
  return now.getTime() + CLOCK_TOLERANCE_MS + ENVELOPE_LIMITS.maxLifetimeMs + ENVELOPE_LIMITS.journalMemoryMs;
}
