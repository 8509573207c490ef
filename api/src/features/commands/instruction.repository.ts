import { InstructionEntity, type CommandEntity } from '@pilothouse/db';
import {
  COMMAND_LIMITS,
  sha256Hex,
  type CancelIntent,
  type CommandIntent,
  type Intent,
  type SignedEnvelope,
} from '@pilothouse/protocol';
import { queryPrepared, type Transaction } from '../../kernel/database/index.js';
import type { EnvelopeSeal } from './envelope.seal.js';
import { storageOf } from './instruction-kinds.js';

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

/** A command that is to be signed, and the row that it will be. */
export interface PreparedCommand {
  row: NewCommand;
  intent: CommandIntent;
}

/** What was signed for an instruction. */
export type Signed<Prepared extends { intent: Intent }> = Prepared & { envelope: SignedEnvelope };

/** Instructions on their way into the queues of servers: numbered, and inserted once they are signed. */
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

  async insertCommands(tx: Transaction, commands: readonly Signed<PreparedCommand>[]): Promise<void> {
    const rows = commands.map((command) => ({ ...command.row, ...this.columnsOf(command) }));
    await queryPrepared(
      tx.manager,
      `insert into commands (id, workspace_id, server_id, run_id, batch, held, sequence, priority, state, arguments, scopes, limits,
                             idempotent, actor_kind, actor_id, idempotency_key, rerun_of, search_text, created_at, expires_at,
                             envelope, envelope_sealed, envelope_digest, envelope_key_id, envelope_signature)
       select id, workspace_id, server_id, run_id, batch, held, sequence, priority, state, arguments,
              array(select jsonb_array_elements_text(scopes)), limits, idempotent, actor_kind, actor_id, idempotency_key,
              rerun_of, search_text, created_at, expires_at, envelope, sealed, digest, key_id, signature
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::integer[], $6::boolean[], $7::bigint[],
                     $8::integer[], $9::text[], $10::jsonb[], $11::jsonb[], $12::jsonb[], $13::boolean[], $14::text[],
                     $15::uuid[], $16::text[], $17::uuid[], $18::text[], $19::timestamptz[], $20::timestamptz[],
                     $21::bytea[], $22::boolean[], $23::text[], $24::text[], $25::bytea[])
              as c(id, workspace_id, server_id, run_id, batch, held, sequence, priority, state, arguments, scopes, limits,
                   idempotent, actor_kind, actor_id, idempotency_key, rerun_of, search_text, created_at, expires_at,
                   envelope, sealed, digest, key_id, signature)`,
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
        rows.map((row) => row.envelope),
        rows.map((row) => row.envelopeSealed),
        rows.map((row) => row.envelopeDigest),
        rows.map((row) => row.envelopeKeyId),
        rows.map((row) => row.envelopeSignature),
      ],
    );
  }

  async insertCancels(tx: Transaction, cancels: readonly Signed<{ intent: CancelIntent }>[]): Promise<void> {
    const rows = cancels.map(({ intent, envelope }) => ({
      id: intent.id,
      workspaceId: intent.workspaceId,
      serverId: intent.serverId,
      kind: intent.kind,
      commandId: intent.arguments.commandId,
      createdAt: new Date(intent.issuedAt),
      expiresAt: new Date(intent.expiresAt),
      ...this.columnsOf({ intent, envelope }),
    }));
    await tx.manager.createQueryBuilder().insert().into(InstructionEntity).values(rows).updateEntity(false).execute();
  }

  /** An envelope as its row holds it: sealed where secrets may be in it. */
  private columnsOf({ intent, envelope: { bytes, keyId, signature } }: Signed<{ intent: Intent }>) {
    const { id, workspaceId } = intent;
    const storage = storageOf(intent);
    const sealed = storage.holdsSecrets(intent);
    return {
      envelope: sealed ? this.seal.seal({ table: storage.table, id, workspaceId }, bytes) : bytes,
      envelopeSealed: sealed,
      envelopeDigest: sha256Hex(bytes),
      envelopeKeyId: keyId,
      envelopeSignature: signature,
    };
  }
}
