import { CommandEntity } from '@pilothouse/db';
import type { CommandState } from '@pilothouse/protocol';
import { Brackets, In } from 'typeorm';
import { allAnswered, findPrepared, queryPrepared, type Transaction } from '../../kernel/database/index.js';
import { decodeTimeCursor, pageSize, timeCursor, toPage, type Page } from '../../kernel/graphql/connection.js';
import { IS_OF_NEXT_CHANGES, valuesOf, type WantedChanges } from '../../kernel/streams/change.repository.js';

/** How many commands are locked at once, wherever they are: two transactions then never wait for each other. */
export const IN_ORDER = 'order by id for no key update';

export interface CommandFilter {
  serverIds?: readonly string[] | null;
  runId?: string | null;
  states?: readonly CommandState[] | null;
  search?: string | null;
  /** Only what ended without a known effect: expired, or interrupted with an unknown outcome. */
  undelivered?: boolean | null;
}

/** Commands as they stand: found, listed, taken back. */
export class CommandRepository {
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

  findOfNextChanges(tx: Transaction, wanted: WantedChanges): Promise<CommandEntity[]> {
    return findPrepared(tx.manager, CommandEntity, { condition: IS_OF_NEXT_CHANGES, values: valuesOf(wanted) });
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
        `with locked as (
           select id from commands where id = any($1) and state = 'QUEUED' and sent_at is null ${IN_ORDER})
         update commands c set state = 'CANCELLED', reason = $2, outcome = 'KNOWN', finished_at = $3, held = false,
                output_expected_seq = 0, revision = revision + 1
           from locked l where c.id = l.id returning c.id`,
        [ids, reason, at],
      ),
    );
    return rows.map((row) => row.id);
  }

  async markCancelRequested(
    tx: Transaction,
    ids: readonly string[],
    { by, at }: { by: string; at: Date },
  ): Promise<void> {
    await tx.manager.query(
      `with locked as (select id from commands where id = any($1) and cancel_requested_at is null ${IN_ORDER})
       update commands c set cancel_requested_at = $2, cancel_requested_by = $3, revision = revision + 1
         from locked l where c.id = l.id`,
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
