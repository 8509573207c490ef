import { CommandEntity, InstructionEntity } from '@pilothouse/db';
import {
  COMMAND_LIMITS,
  sha256Hex,
  type CancelIntent,
  type CommandState,
  type SignedEnvelope,
} from '@pilothouse/protocol';
import { Brackets, In } from 'typeorm';
import { allAnswered, findPrepared, queryPrepared, type Transaction } from '../../kernel/database/index.js';
import { decodeTimeCursor, pageSize, timeCursor, toPage, type Page } from '../../kernel/graphql/connection.js';
import type { EnvelopeSeal } from './envelope.seal.js';
import { holdsSecrets, type StoredArguments } from './stored-arguments.js';

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

export interface CommandFilter {
  serverIds?: readonly string[] | null;
  runId?: string | null;
  states?: readonly CommandState[] | null;
  search?: string | null;
  /** Only what ended without a known effect: expired, or interrupted with an unknown outcome. */
  undelivered?: boolean | null;
}

export class CommandRepository {
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
      `insert into commands (id, workspace_id, server_id, run_id, batch, held, sequence, priority, state, arguments, limits,
                             idempotent, actor_kind, actor_id, idempotency_key, rerun_of, search_text, created_at, expires_at)
       select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::integer[], $6::boolean[], $7::bigint[],
                            $8::integer[], $9::text[], $10::jsonb[], $11::jsonb[], $12::boolean[], $13::text[], $14::uuid[],
                            $15::text[], $16::uuid[], $17::text[], $18::timestamptz[], $19::timestamptz[])`,
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

  /** Stores what was signed for these commands, in their order; sealed where secrets are in it. */
  async storeEnvelopes(
    tx: Transaction,
    rows: readonly Pick<NewCommand, 'id' | 'workspaceId' | 'arguments'>[],
    envelopes: readonly SignedEnvelope[],
  ): Promise<void> {
    const isSealed = rows.map((row) => holdsSecrets(row.arguments as StoredArguments));
    await queryPrepared(
      tx.manager,
      `update commands c set envelope = e.bytes, envelope_sealed = e.sealed, envelope_digest = e.digest,
              envelope_key_id = e.key_id, envelope_signature = e.signature
         from unnest($1::uuid[], $2::bytea[], $3::boolean[], $4::text[], $5::text[], $6::bytea[])
              as e(id, bytes, sealed, digest, key_id, signature)
        where c.id = e.id`,
      [
        rows.map(({ id }) => id),
        envelopes.map(({ bytes }, index) => (isSealed[index] ? this.seal.seal(rows[index]!, bytes) : bytes)),
        isSealed,
        envelopes.map(({ bytes }) => sha256Hex(bytes)),
        envelopes.map(({ keyId }) => keyId),
        envelopes.map(({ signature }) => signature),
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

  async storeInstructionEnvelopes(
    tx: Transaction,
    ids: readonly string[],
    envelopes: readonly SignedEnvelope[],
  ): Promise<void> {
    await tx.manager.query(
      `update instructions i set envelope = e.bytes, envelope_key_id = e.key_id, envelope_signature = e.signature
         from unnest($1::uuid[], $2::bytea[], $3::text[], $4::bytea[]) as e(id, bytes, key_id, signature) where i.id = e.id`,
      [
        ids,
        envelopes.map(({ bytes }) => bytes),
        envelopes.map(({ keyId }) => keyId),
        envelopes.map(({ signature }) => signature),
      ],
    );
  }

  /** What an earlier request with the same key made; waits for one that is still under way. */
  async findByIdempotencyKey(tx: Transaction, actorId: string, idempotencyKey: string): Promise<CommandEntity | null> {
    const [, [command]] = await allAnswered([
      lockIdempotencyKey(tx, `command ${actorId} ${idempotencyKey}`),
      findPrepared(tx.manager, CommandEntity, {
        condition: 'actor_id = $1::uuid and idempotency_key = $2',
        values: [actorId, idempotencyKey],
      }),
    ]);
    return command ?? null;
  }

  async find(tx: Transaction, id: string): Promise<CommandEntity | null> {
    const [command] = await this.findMany(tx, [id]);
    return command ?? null;
  }

  findMany(tx: Transaction, ids: readonly string[]): Promise<CommandEntity[]> {
    return findPrepared(tx.manager, CommandEntity, { condition: 'id = any($1::uuid[])', values: [ids] });
  }

  /** Locks the row: nothing else moves the command until the transaction ends. */
  lock(tx: Transaction, id: string): Promise<CommandEntity | null> {
    return tx.manager.findOne(CommandEntity, { where: { id }, lock: { mode: 'for_no_key_update' } });
  }

  /** Servers on which commands of the run are open. */
  async findOpenServers(tx: Transaction, runId: string): Promise<string[]> {
    const rows: { server_id: string }[] = await tx.manager.query(
      `select distinct server_id from commands where run_id = $1 and state in ('QUEUED', 'DELIVERED', 'RUNNING')`,
      [runId],
    );
    return rows.map((row) => row.server_id);
  }

  lockOpenOfRun(tx: Transaction, runId: string): Promise<CommandEntity[]> {
    return tx.manager.find(CommandEntity, {
      where: { runId, state: In(['QUEUED', 'DELIVERED', 'RUNNING']) },
      order: { id: 'ASC' },
      lock: { mode: 'for_no_key_update' },
    });
  }

  /** Takes back commands that no agent has been sent. @returns those that were taken back. */
  async withdraw(
    tx: Transaction,
    ids: readonly string[],
    { reason, at }: { reason: string; at: Date },
  ): Promise<string[]> {
    const rows = rowsOfUpdate<{ id: string }>(
      await tx.manager.query(
        `update commands set state = 'CANCELLED', reason = $2, outcome = 'KNOWN', finished_at = $3, held = false,
                output_expected_seq = 0, revision = revision + 1
          where id = any($1) and state = 'QUEUED' and sent_at is null returning id`,
        [ids, reason, at],
      ),
    );
    return rows.map((row) => row.id);
  }

  /** What waits for a server and was never sent, by whom it was queued. */
  findUnsent(tx: Transaction, serverId: string): Promise<{ actorKind: string; actorId: string; ids: string[] }[]> {
    return tx.manager.query(
      `select actor_kind as "actorKind", actor_id as "actorId", array_agg(id) as ids from commands
        where server_id = $1 and state = 'QUEUED' and sent_at is null group by actor_kind, actor_id`,
      [serverId],
    );
  }

  async markCancelRequested(
    tx: Transaction,
    ids: readonly string[],
    { by, at }: { by: string; at: Date },
  ): Promise<void> {
    await tx.manager.query(
      `update commands set cancel_requested_at = $2, cancel_requested_by = $3, revision = revision + 1
        where id = any($1) and cancel_requested_at is null`,
      [ids, at, by],
    );
  }

  /** Newest first. */
  async list(
    tx: Transaction,
    filter: CommandFilter,
    page: { first: number; after: string | null },
  ): Promise<Page<CommandEntity>> {
    const size = pageSize(page.first);
    const query = tx.manager
      .createQueryBuilder(CommandEntity, 'c')
      .orderBy('c.createdAt', 'DESC')
      .addOrderBy('c.id', 'DESC')
      .take(size + 1);
    if (filter.serverIds) query.andWhere('c.serverId = any(:serverIds)', { serverIds: filter.serverIds });
    if (filter.runId) query.andWhere('c.runId = :runId', { runId: filter.runId });
    if (filter.states) query.andWhere('c.state = any(:states)', { states: filter.states });
    if (filter.search) query.andWhere(`strpos(lower(c.searchText), lower(:search)) > 0`, { search: filter.search });
    if (filter.undelivered) {
      query.andWhere(
        new Brackets((or) =>
          or.where(`c.state = 'EXPIRED'`).orWhere(`c.state = 'INTERRUPTED' and c.outcome = 'UNKNOWN'`),
        ),
      );
    }
    if (page.after) {
      query.andWhere('(c.createdAt, c.id) < (:at, :id)', decodeTimeCursor(page.after));
    }
    return toPage(await query.getMany(), size, (row) => timeCursor(row.createdAt, row.id));
  }

  /** How many of these commands are in each state, for the progress of a run. */
  async countStates(
    tx: Transaction,
    runIds: readonly string[],
  ): Promise<{ runId: string; state: CommandState; count: number }[]> {
    const rows: { run_id: string; state: CommandState; count: string }[] = await tx.manager.query(
      `select run_id, state, count(*) from commands where run_id = any($1) group by run_id, state`,
      [runIds],
    );
    return rows.map((row) => ({ runId: row.run_id, state: row.state, count: Number(row.count) }));
  }
}

/** Requests with the same key take turns until their transactions end. */
export async function lockIdempotencyKey(tx: Transaction, key: string): Promise<void> {
  await queryPrepared(tx.manager, 'select pg_advisory_xact_lock(hashtextextended($1, 0))', [key]);
}

/** TypeORM returns [rows, count] for UPDATE and DELETE, and rows for everything else. */
export function rowsOfUpdate<Row>(result: unknown): Row[] {
  return (result as [Row[], number])[0];
}
