import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { OperationFault, type Operator } from '@pilothouse/api/testing';

const PAUSE_MS = 1000;
/** The signer has had enough of a person, or a busy machine kept it from answering in time: nothing was queued. */
const PASSING_FAULTS: readonly (string | undefined)[] = ['RATE_LIMITED', 'UNAVAILABLE'];

/** Queues a command as a client ought to: what failed for the moment is sent again, under the same key. */
export async function queuePatiently(operator: Operator, serverId: string, argv: readonly string[]): Promise<string> {
  const idempotencyKey = randomUUID();
  for (;;) {
    try {
      return await operator.run(serverId, { argv }, { whenOffline: 'DELIVER', idempotencyKey });
    } catch (error) {
      if (!(error instanceof OperationFault) || !PASSING_FAULTS.includes(error.code)) throw error;
      await delay(PAUSE_MS);
    }
  }
}
