import { LINK_LIMITS, type SignedEnvelope } from '@pilothouse/protocol';
import { queryPrepared, type Transaction } from '../../kernel/database/index.js';
import type { EnvelopeRow, EnvelopeSeal } from './envelope.seal.js';

/** An instruction on its way to an agent. */
export interface Delivery {
  id: string;
  envelope: SignedEnvelope;
}

/** The connection that asks; only the current epoch gets anything. */
export interface DeliveryEpoch {
  serverId: string;
  generation: number;
  counter: number;
}

interface Row extends EnvelopeRow {
  key_id: string;
  signature: Buffer;
}

const CURRENT_EPOCH = `exists (select from agent_sessions a join servers s on s.id = a.server_id
  where a.server_id = $1 and a.generation = $2 and a.counter = $3 and not s.queue_held)`;

/** Sent on this connection, and not so long ago without a confirmation that it is sent again. */
const UNDER_WAY = `(sent_counter is not distinct from $3 and sent_at >= $4::timestamptz - $5 * interval '1 ms')`;

export class DeliveryRepository {
  constructor(private readonly seal: EnvelopeSeal) {}

  /**
   * Takes the next instructions for an agent, in the order in which it shall start them, and notes that they were sent.
   * An envelope that was not confirmed comes again, byte for byte.
   */
  async take(tx: Transaction, epoch: DeliveryEpoch, now: Date): Promise<Delivery[]> {
    const parameters = [epoch.serverId, epoch.generation, epoch.counter, now, LINK_LIMITS.deliveryLeaseMs];
    const rows = await queryPrepared<Row>(
      tx.manager,
      `with taken_instructions as (
         update instructions set sent_at = $4, sent_counter = $3
          where server_id = $1 and received_at is null and expires_at > $4 and not ${UNDER_WAY} and ${CURRENT_EPOCH}
         returning 'instructions' as "table", id, workspace_id as "workspaceId", envelope,
                   envelope_sealed as "envelopeSealed", envelope_key_id as key_id, envelope_signature as signature),
       taken_commands as (
         update commands c set sent_at = $4, sent_counter = $3
          where c.id in (
            select id from commands
             where server_id = $1 and state = 'QUEUED' and not held and expires_at > $4 and not ${UNDER_WAY} and ${CURRENT_EPOCH}
             order by priority desc, sequence
             limit greatest(0, $6 - (select count(*) from commands where server_id = $1 and state in ('DELIVERED', 'QUEUED')
                                        and (state = 'DELIVERED' or ${UNDER_WAY})))
             for no key update skip locked)
         returning 'commands' as "table", id, workspace_id as "workspaceId", envelope,
                   envelope_sealed as "envelopeSealed", envelope_key_id as key_id, envelope_signature as signature, priority, sequence)
       select *, null as priority, null as sequence from taken_instructions
       union all select * from (select * from taken_commands order by priority desc, sequence) as in_order`,
      [...parameters, LINK_LIMITS.deliveryWindow],
    );
    return rows.map(({ key_id: keyId, signature, ...row }) => ({
      id: row.id,
      envelope: { bytes: this.seal.signedBytes(row), keyId, signature },
    }));
  }
}
