import { InstructionEntity, type CommandEntity } from '@pilothouse/db';
import { COMMAND_LIMITS, sha256Hex, type CancelIntent, type Intent, type SignedEnvelope } from '@pilothouse/protocol';
import { allAnswered, queryPrepared, type Transaction } from '../../kernel/database/index.js';
import type { EnvelopeSeal } from './envelope.seal.js';
import { storageOf, type EnvelopeTable } from './instruction-kinds.js';

/** A server with the next place in its order of instructions. Its row stays locked until the transaction ends. */
export interface NumberedServer {
  id: string;
  sequence: number;
  generation: number;
  concurrency: number;
  /** Takes no instructions any more, and nothing is signed for it. */
  revoked: boolean;
}

export type NewCommand = Pick<
  CommandEntity,
  | 'id'
  | 'workspaceId'
  | 'serverId'
  | 'runId'
  | 'batch'
  | 'held'
  | 'sequence'
  | 'priority'
  | 'state'
  | 'arguments'
  | 'scopes'
  | 'limits'
  | 'idempotent'
  | 'actorKind'
  | 'actorId'
  | 'idempotencyKey'
  | 'rerunOf'
  | 'searchText'
  | 'createdAt'
  | 'expiresAt'
>;

/** An instruction with what was signed for it. */
export interface SignedInstruction {
  intent: Intent;
  envelope: SignedEnvelope;
}

/** Instructions on their way into the queues of servers: numbered, inserted, signed. */
export class InstructionRepository {
  constructor(private readonly seal: EnvelopeSeal) {}

  /** Locks the servers in order of their ids, so that two runs never wait for each other, and numbers one instruction each. */
  async numberInstructions(tx: Transaction, serverIds: readonly string[]): Promise<Map<string, NumberedServer>> {
    // Locked beforehand and not in the same statement, whose view of the rows would be older than its locks: it would
    // wait for its own turn behind somebody who waits for it.
    if (serverIds.length > 1) await this.lockServers(tx, serverIds);
    const rows = await queryPrepared<Omit<NumberedServer, 'sequence'> & { sequence: string }>(
      tx.manager,
      `update servers set command_sequence = command_sequence + 1 where id = any($1)
       returning id, command_sequence as sequence, generation, concurrency,
                 revoked_at is not null or deleted_at is not null as revoked`,
      [serverIds],
    );
    return new Map(rows.map((row) => [row.id, { ...row, sequence: Number(row.sequence) }]));
  }

  /** Locks the servers as `numberInstructions` does. Before commands of theirs are locked, so that nobody waits crosswise. */
  async lockServers(tx: Transaction, serverIds: readonly string[]): Promise<void> {
    await tx.manager.query('select from servers where id = any($1) order by id for no key update', [serverIds]);
  }

  /** Servers whose queue has no room for one more command. */
  async findFullQueues(tx: Transaction, serverIds: readonly string[]): Promise<Set<string>> {
    const rows = await queryPrepared<{ server_id: string }>(
      tx.manager,
      `select server_id from commands where server_id = any($1) and state in ('QUEUED', 'DELIVERED', 'RUNNING')
        group by server_id having count(*) filter (where state <> 'RUNNING') >= $2`,
      [serverIds, COMMAND_LIMITS.maxQueuedPerServer],
    );
    return new Set(rows.map((row) => row.server_id));
  }

  async insertCommands(tx: Transaction, rows: readonly NewCommand[]): Promise<void> {
    await queryPrepared(
      tx.manager,
      `insert into commands (id, workspace_id, server_id, run_id, batch, held, sequence, priority, state, arguments, scopes, limits,
                             idempotent, actor_kind, actor_id, idempotency_key, rerun_of, search_text, created_at, expires_at)
       select id, workspace_id, server_id, run_id, batch, held, sequence, priority, state, arguments,
              array(select jsonb_array_elements_text(scopes)), limits, idempotent, actor_kind, actor_id, idempotency_key,
              rerun_of, search_text, created_at, expires_at
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::integer[], $6::boolean[], $7::bigint[],
                     $8::integer[], $9::text[], $10::jsonb[], $11::jsonb[], $12::jsonb[], $13::boolean[], $14::text[],
                     $15::uuid[], $16::text[], $17::uuid[], $18::text[], $19::timestamptz[], $20::timestamptz[])
              as c(id, workspace_id, server_id, run_id, batch, held, sequence, priority, state, arguments, scopes, limits,
                   idempotent, actor_kind, actor_id, idempotency_key, rerun_of, search_text, created_at, expires_at)`,
      [
        rows.map((row) => row.id),
        rows.map((row) => row.workspaceId),
        rows.map((row) => row.serverId),
        rows.map((row) => row.runId),
        rows.map((row) => row.batch),
        rows.map((row) => row.held),
        rows.map((row) => row.sequence),
        rows.map((row) => row.priority),
        rows.map((row) => row.state),
        rows.map((row) => JSON.stringify(row.arguments)),
        rows.map((row) => JSON.stringify(row.scopes)),
        rows.map((row) => JSON.stringify(row.limits)),
        rows.map((row) => row.idempotent),
        rows.map((row) => row.actorKind),
        rows.map((row) => row.actorId),
        rows.map((row) => row.idempotencyKey),
        rows.map((row) => row.rerunOf),
        rows.map((row) => row.searchText),
        rows.map((row) => row.createdAt),
        rows.map((row) => row.expiresAt),
      ],
    );
  }

  async insertCancels(tx: Transaction, intents: readonly CancelIntent[], createdAt: Date): Promise<void> {
    const rows = intents.map((intent) => ({
      id: intent.id,
      workspaceId: intent.workspaceId,
      serverId: intent.serverId,
      kind: 'cancel',
      commandId: intent.arguments.commandId,
      createdAt,
      expiresAt: new Date(intent.expiresAt),
    }));
    await tx.manager.createQueryBuilder().insert().into(InstructionEntity).values(rows).updateEntity(false).execute();
  }

  /** Stores what was signed for instructions whose rows are there; sealed where secrets may be in it. */
  async storeEnvelopes(tx: Transaction, signed: readonly SignedInstruction[]): Promise<void> {
    const tables = new Set(signed.map(({ intent }) => storageOf(intent).table));
    await allAnswered(
      [...tables].map((table) => {
        const own = signed.filter(({ intent }) => storageOf(intent).table === table);
        return this.storeIn(tx, table, own);
      }),
    );
  }

  private async storeIn(tx: Transaction, table: EnvelopeTable, signed: readonly SignedInstruction[]): Promise<void> {
    const rows = signed.map(({ intent, envelope: { bytes, keyId, signature } }) => {
      const { id, workspaceId } = intent;
      const sealed = storageOf(intent).holdsSecrets(intent);
      const stored = sealed ? this.seal.seal({ table, id, workspaceId }, bytes) : bytes;
      return { id, stored, sealed, digest: sha256Hex(bytes), keyId, signature };
    });
    await queryPrepared(
      tx.manager,
      `update ${table} i set envelope = e.bytes, envelope_sealed = e.sealed, envelope_digest = e.digest,
              envelope_key_id = e.key_id, envelope_signature = e.signature
         from unnest($1::uuid[], $2::bytea[], $3::boolean[], $4::text[], $5::text[], $6::bytea[])
              as e(id, bytes, sealed, digest, key_id, signature)
        where i.id = e.id`,
      [
        rows.map(({ id }) => id),
        rows.map(({ stored }) => stored),
        rows.map(({ sealed }) => sealed),
        rows.map(({ digest }) => digest),
        rows.map(({ keyId }) => keyId),
        rows.map(({ signature }) => signature),
      ],
    );
  }
}
