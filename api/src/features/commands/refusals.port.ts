import type { WriteTransaction } from '../../kernel/database/index.js';
import type { RequestContext } from '../../kernel/request-context.js';

/** Told, inside the transaction, of an instruction that an agent refused as not genuine, once for each. */
export interface RefusalAlarm {
  raise(
    ctx: RequestContext,
    tx: WriteTransaction,
    refused: { serverId: string; commandId: string; problem: string },
  ): Promise<void>;
}
