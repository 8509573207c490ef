import { LINK_LIMITS, type SignedEnvelope } from '@pilothouse/protocol';
import { queryPrepared, type Transaction } from '../../kernel/database/index.js';
import type { EnvelopeRow, EnvelopeSeal } from './envelope.seal.js';
import { mayStillRun } from './standing-rights.sql.js';

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

/** What was due, and whether something waits that must not go out any more, which `takeBack` ends. */
export interface Taken {
  deliveries: Delivery[];
  hasBarred: boolean;
}

/** A command that was taken back, with who had queued it. */
export interface TakenBack {
  id: string;
  runId: string | null;
  actorKind: string;
  actorId: string;
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
   * An envelope that was not confirmed comes again, byte for byte. No command goes out whose issuer may not run it any
   * more, or that its server does not permit any more. Cancels go out whoever asked for them.
   */
  async take(tx: Transaction, epoch: DeliveryEpoch, now: Date): Promise<Taken> {
    const rows = await queryPrepared<Row | Record<keyof Row, null>>(
      tx.manager,
      `with issued as materialized (
         select w.actor_kind, w.actor_id, w.scopes, ${mayStillRun('w', '$4')} as allowed
           from (select distinct server_id, actor_kind, actor_id, scopes from commands
                  where server_id = $1 and state = 'QUEUED' and not held and expires_at > $4 and not ${UNDER_WAY}) w
          where ${CURRENT_EPOCH}),
       taken_instructions as (
         update instructions set sent_at = $4, sent_counter = $3
          where server_id = $1 and kind = 'cancel' and received_at is null and expires_at > $4 and not ${UNDER_WAY} and ${CURRENT_EPOCH}
         returning 'instructions' as "table", id, workspace_id as "workspaceId", envelope,
                   envelope_sealed as "envelopeSealed", envelope_key_id as key_id, envelope_signature as signature),
       taken_commands as (
         update commands c set sent_at = $4, sent_counter = $3
          where c.id in (
            select id from commands w
             where server_id = $1 and state = 'QUEUED' and not held and expires_at > $4 and not ${UNDER_WAY} and ${CURRENT_EPOCH}
               and exists (select from issued i where i.allowed and i.actor_kind = w.actor_kind and i.actor_id = w.actor_id
                              and i.scopes = w.scopes)
             order by priority desc, sequence
             limit greatest(0, $6 - (select count(*) from commands where server_id = $1 and state in ('DELIVERED', 'QUEUED')
                                        and (state = 'DELIVERED' or ${UNDER_WAY})))
             for no key update skip locked)
         returning 'commands' as "table", id, workspace_id as "workspaceId", envelope,
                   envelope_sealed as "envelopeSealed", envelope_key_id as key_id, envelope_signature as signature, priority, sequence)
       select *, null as priority, null as sequence from taken_instructions
       union all select * from (select * from taken_commands order by priority desc, sequence) as in_order
       union all select null, null, null, null, null, null, null, null, null
                  where exists (select from issued where not allowed)`,
      [...parametersOf(epoch, now), LINK_LIMITS.deliveryWindow],
    );
    const due = rows.filter((row) => row.id !== null);
    return {
      deliveries: due.map(({ key_id: keyId, signature, ...row }) => ({
        id: row.id,
        envelope: { bytes: this.seal.signedBytes(row), keyId, signature },
      })),
      hasBarred: due.length < rows.length,
    };
  }

  /**
   * Ends what `take` holds back for good. What was sent on an earlier connection and never confirmed is not sent again:
   * what became of it is unknown.
   */
  takeBack(tx: Transaction, epoch: DeliveryEpoch, { reason, at }: { reason: string; at: Date }): Promise<TakenBack[]> {
    return queryPrepared(
      tx.manager,
      `update commands set
              state = case when sent_at is null then 'CANCELLED' else 'INTERRUPTED' end,
              outcome = case when sent_at is null then 'KNOWN' else 'UNKNOWN' end,
              reason = $6, finished_at = $4, held = false, output_expected_seq = output_last_seq, revision = revision + 1
        where id in (select id from commands w
                      where server_id = $1 and state = 'QUEUED' and not ${UNDER_WAY} and ${CURRENT_EPOCH}
                        and not ${mayStillRun('w', '$4')}
                      order by id for no key update)
       returning id, run_id as "runId", actor_kind as "actorKind", actor_id as "actorId"`,
      [...parametersOf(epoch, at), reason],
    );
  }
}

function parametersOf(epoch: DeliveryEpoch, now: Date): unknown[] {
  return [epoch.serverId, epoch.generation, epoch.counter, now, LINK_LIMITS.deliveryLeaseMs];
}
