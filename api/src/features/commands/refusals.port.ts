import { ENVELOPE_PROBLEMS, type EnvelopeProblem } from '@pilothouse/protocol';
import type { WriteTransaction } from '../../kernel/database/index.js';
import type { RequestContext } from '../../kernel/request-context.js';

/** Why an agent found an instruction not genuine. `UNNAMED`: it said something else than the protocol has words for. */
export type RefusalProblem = EnvelopeProblem | 'UNNAMED';

/** What an agent says is its own text: only words of the protocol are stored, put on record, logged or shown. */
export function refusalProblemOf(text: string): RefusalProblem {
  return ENVELOPE_PROBLEMS.find((problem) => problem === text) ?? 'UNNAMED';
}

/** Told, inside the transaction, of an instruction that an agent refused as not genuine, once for each. */
export interface RefusalAlarm {
  raise(
    ctx: RequestContext,
    tx: WriteTransaction,
    refused: { serverId: string; commandId: string; problem: RefusalProblem },
  ): Promise<void>;
}
