import { CommandRunEntity } from '@pilothouse/db';
import { In } from 'typeorm';
import type { Database, Transaction } from '../../kernel/database/index.js';
import { decodeTimeCursor, pageSize, timeCursor, toPage, type Page } from '../../kernel/graphql/connection.js';
import { IN_ORDER, lockIdempotencyKey, rowsOfUpdate } from './command.repository.js';
import { mayStillRun } from './standing-rights.sql.js';

export type NewRun = Omit<CommandRunEntity, 'finishedAt' | 'stopReason' | 'nextBatchAt' | 'releasedBatch'>;

/** How a run stands: its commands by batch, open ones and those that did not succeed. */
export interface BatchProgress {
  batch: number;
  open: number;
  failed: number;
}

export class RunRepository {
  async insert(tx: Transaction, run: NewRun): Promise<void> {
    const values = run as Parameters<typeof tx.manager.insert<CommandRunEntity>>[1];
    await tx.manager.createQueryBuilder().insert().into(CommandRunEntity).values(values).updateEntity(false).execute();
  }

  find(tx: Transaction, id: string): Promise<CommandRunEntity | null> {
    return tx.manager.findOneBy(CommandRunEntity, { id });
  }

  findMany(tx: Transaction, ids: readonly string[]): Promise<CommandRunEntity[]> {
    return tx.manager.findBy(CommandRunEntity, { id: In([...ids]) });
  }

  lock(tx: Transaction, id: string): Promise<CommandRunEntity | null> {
    return tx.manager.findOne(CommandRunEntity, { where: { id }, lock: { mode: 'for_no_key_update' } });
  }

  /** What an earlier request with the same key made; waits for one that is still under way. */
  async findByIdempotencyKey(
    tx: Transaction,
    actorId: string,
    idempotencyKey: string,
  ): Promise<CommandRunEntity | null> {
    await lockIdempotencyKey(tx, `run ${actorId} ${idempotencyKey}`);
    return tx.manager.findOneBy(CommandRunEntity, { actorId, idempotencyKey });
  }

  /** Runs that are not over, in all workspaces, at most 1,000. */
  findUnfinished(database: Database): Promise<{ workspaceId: string; id: string }[]> {
    return database.lookUp('select workspace_id as "workspaceId", id from unfinished_runs()', []);
  }

  /** Newest first. */
  async list(tx: Transaction, page: { first: number; after: string | null }): Promise<Page<CommandRunEntity>> {
    const size = pageSize(page.first);
    const query = tx.manager
      .createQueryBuilder(CommandRunEntity, 'r')
      .orderBy('r.createdAt', 'DESC')
      .addOrderBy('r.id', 'DESC')
      .take(size + 1);
    if (page.after) query.andWhere('(r.createdAt, r.id) < (:at, :id)', decodeTimeCursor(page.after));
    return toPage(await query.getMany(), size, (row) => timeCursor(row.createdAt, row.id));
  }

  async progress(tx: Transaction, runId: string): Promise<BatchProgress[]> {
    const rows: { batch: number; open: string; failed: string }[] = await tx.manager.query(
      `select batch, count(*) filter (where state in ('QUEUED', 'DELIVERED', 'RUNNING')) as open,
              count(*) filter (where state in ('FAILED', 'TIMED_OUT', 'EXPIRED', 'VETOED', 'INTERRUPTED')) as failed
         from commands where run_id = $1 group by batch order by batch`,
      [runId],
    );
    return rows.map((row) => ({ batch: row.batch, open: Number(row.open), failed: Number(row.failed) }));
  }

  /** Whether a batch that is held back has a command that may not be run any more. */
  async isBarred(tx: Transaction, runId: string, { batch, now }: { batch: number; now: Date }): Promise<boolean> {
    const rows: unknown[] = await tx.manager.query(
      `select from commands c where run_id = $1 and batch = $2 and held and not ${mayStillRun('c', '$3')} limit 1`,
      [runId, batch, now],
    );
    return rows.length > 0;
  }

  /** Lets a batch go. @returns the servers whose queues have something new. */
  async release(tx: Transaction, runId: string, batch: number): Promise<string[]> {
    const rows = rowsOfUpdate<{ server_id: string }>(
      await tx.manager.query(
        `with locked as (select id from commands where run_id = $1 and batch = $2 and held ${IN_ORDER})
         update commands c set held = false from locked l where c.id = l.id returning c.server_id`,
        [runId, batch],
      ),
    );
    await tx.manager.update(CommandRunEntity, { id: runId }, { releasedBatch: batch, nextBatchAt: null });
    return rows.map((row) => row.server_id);
  }

  async update(
    tx: Transaction,
    runId: string,
    fields: Partial<Pick<CommandRunEntity, 'state' | 'stopReason' | 'nextBatchAt' | 'finishedAt'>>,
  ): Promise<void> {
    await tx.manager.update(CommandRunEntity, { id: runId }, fields);
  }
}
