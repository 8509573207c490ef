import type { WriteTransaction } from './database/index.js';
import type { EventBus } from './event-bus.js';
import { insertRevocations, type Revocation } from './revocation.repository.js';

/**
 * Ends live sockets: noted for every replica in the same transaction as the change of rights, and spread by the bus
 * once that is durable.
 */
export async function revoke(tx: WriteTransaction, bus: EventBus, ended: readonly Revocation[]): Promise<void> {
  if (ended.length === 0) return;
  await insertRevocations(tx, ended);
  tx.afterCommit(() => bus.publish('revocations'));
}
