import type { CommandRunEntity } from '@pilothouse/db';
import type { BatchProgress } from './run.repository.js';

/** What a run does next. */
export type RunStep =
  | { do: 'wait' }
  | { do: 'pause'; until: Date }
  | { do: 'release'; batch: number }
  | { do: 'withdraw'; reason: string }
  | { do: 'end'; state: 'FINISHED' | 'STOPPED' };

type RunFields = Pick<CommandRunEntity, 'state' | 'releasedBatch' | 'nextBatchAt' | 'batchPauseMs' | 'maxFailures'>;

/** Decides from what is stored alone, so that any replica comes to the same answer. */
export function nextStep(run: RunFields, batches: readonly BatchProgress[], now: Date): RunStep {
  if (run.state === 'FINISHED' || run.state === 'STOPPED') return { do: 'wait' };
  const open = batches.reduce((sum, batch) => sum + batch.open, 0);
  if (open === 0) return { do: 'end', state: run.state === 'STOPPING' ? 'STOPPED' : 'FINISHED' };
  if (run.state === 'STOPPING') return { do: 'wait' };
  const failed = batches.reduce((sum, batch) => sum + batch.failed, 0);
  const next = batches.find(({ batch }) => batch > run.releasedBatch);
  if (run.maxFailures !== null && failed >= run.maxFailures && next) {
    return { do: 'withdraw', reason: `The run stopped after ${failed} ${failed === 1 ? 'failure' : 'failures'}` };
  }
  const releasedOpen = batches.some(({ batch, open: left }) => batch <= run.releasedBatch && left > 0);
  if (releasedOpen || !next) return { do: 'wait' };
  if (run.batchPauseMs > 0 && run.nextBatchAt === null) {
    return { do: 'pause', until: new Date(now.getTime() + run.batchPauseMs) };
  }
  if (run.nextBatchAt !== null && run.nextBatchAt > now) return { do: 'wait' };
  return { do: 'release', batch: next.batch };
}
