import type { WriteTransaction } from './database/index.js';
import type { EventBus } from './event-bus.js';
import type { Revocation } from './revocations.js';

/**
 * Ends live sockets: noted for every replica in the same transaction as the change of rights, and spread by the bus
 * once that is durable.
 */
export async function revoke(tx: WriteTransaction, bus: EventBus, ended: readonly Revocation[]): Promise<void> {
  if (ended.length === 0) return;
  await tx.manager.query(
    'insert into revocations (kind, subject_id) select kind, subject from unnest($1::text[], $2::uuid[]) as r(kind, subject)',
    [ended.map((revocation) => revocation.kind), ended.map((revocation) => revocation.subjectId)],
  );
  tx.afterCommit(() => bus.publish('revocations'));
}
