import { resultBytes, type CommandResult, type FinalState } from '@pilothouse/protocol';
import type { KnownExit } from './command-directory.js';
import type { DoneRecord, StartedInfo } from './command-records.js';
import type { EndCause } from './runner/runner-job.js';
import type { SpoolPosition } from './spool/spool-format.js';

const MAX_REASON_CHARACTERS = 1000;

/** The command a result speaks of. */
export interface ResultSubject {
  commandId: string;
  envelopeDigest: string;
}

const NO_OUTPUT = { lastOutputSeq: 0, stdout: { bytes: 0, sha256: null }, stderr: { bytes: 0, sha256: null } };

/** The result of a command that had no effect: it was never started. */
export function resultWithoutStart(
  subject: ResultSubject,
  { state, reason, at }: { state: FinalState; reason: string; at: Date },
): CommandResult {
  return {
    version: 1,
    ...subject,
    state,
    exitCode: null,
    signal: null,
    reason: cut(reason),
    outcome: 'KNOWN',
    startedAt: null,
    finishedAt: at.toISOString(),
    durationMs: null,
    ...NO_OUTPUT,
  };
}

/** The result that a runner's exit record tells. Both times are the control plane's, by the monotonic clock. */
export function resultOfExit(
  subject: ResultSubject,
  { started, exit, timeoutMs }: { started: StartedInfo; exit: KnownExit; timeoutMs: number },
): CommandResult {
  const { cause, exitCode, signal, durationMs, end } = exit;
  // A later attempt's runner has not seen the bytes of the one before.
  const sawAll = started.attempt === 1;
  const timeoutReason = `The command was ended after its time-out of ${timeoutMs / 1000} s`;
  return {
    version: 1,
    ...subject,
    state: stateOf(cause, exitCode),
    exitCode,
    signal,
    reason: cause === 'timeout' ? timeoutReason : exit.reason && cut(exit.reason),
    outcome: 'KNOWN',
    startedAt: started.startedAt,
    finishedAt: new Date(Date.parse(started.startedAt) + durationMs).toISOString(),
    durationMs,
    lastOutputSeq: end.seq,
    stdout: { bytes: end.stdoutBytes, sha256: sawAll ? exit.stdoutSha256 : null },
    stderr: { bytes: end.stderrBytes, sha256: sawAll ? exit.stderrSha256 : null },
  };
}

/** The result of a started command of which nobody can tell how far it came. */
export function resultOfLoss(
  subject: ResultSubject,
  { started, reason, at, end }: { started: StartedInfo; reason: string; at: Date; end: SpoolPosition },
): CommandResult {
  return {
    ...resultWithoutStart(subject, { state: 'INTERRUPTED', reason, at }),
    outcome: 'UNKNOWN',
    startedAt: started.startedAt,
    lastOutputSeq: end.seq,
    stdout: { bytes: end.stdoutBytes, sha256: null },
    stderr: { bytes: end.stderrBytes, sha256: null },
  };
}

/** The form in which it is journaled. */
export function doneRecord(result: CommandResult, forgetAtMs: number): DoneRecord {
  return { type: 'done', id: result.commandId, forgetAtMs, statement: resultBytes(result).toString('base64') };
}

function stateOf(cause: EndCause, exitCode: number | null): FinalState {
  if (cause === 'timeout') return 'TIMED_OUT';
  if (cause === 'cancel') return 'CANCELLED';
  return cause === 'exit' && exitCode === 0 ? 'SUCCEEDED' : 'FAILED';
}

function cut(reason: string): string {
  return reason.length <= MAX_REASON_CHARACTERS ? reason : `${reason.slice(0, MAX_REASON_CHARACTERS - 1)}…`;
}
