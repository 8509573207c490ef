import { escapeLiteral, type ClientBase } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import type { EventBus } from '../event-bus.js';
import { userIdOf, type RequestContext, type WorkspaceContext } from '../request-context.js';
import { orUnavailable } from './database-away.js';
import { allAnswered, queryPrepared } from './prepared.js';
import { appendAudit, type AuditPlace, type AuditRecord } from './audit-append.js';

/** What a change of a workspace is about; subscriptions choose by it. */
export type ChangeKind = 'SERVER' | 'GROUP' | 'COMMAND' | 'RUN' | 'TEMPLATE' | 'MEMBER' | 'WORKSPACE';

/**
 * A transaction whose tenant is set: row-level security shows it the caller's workspace and own person, nothing else.
 * Services pass it on; only repositories look inside.
 */
export interface Transaction {
  readonly manager: EntityManager;
}

export interface WriteTransaction extends Transaction {
  /**
   * Notes a statement that is on its way and whose answer only the commit needs: nothing waits for it meanwhile. Where it
   * fails, nothing is committed, and the caller gets its error.
   */
  sent(statement: Promise<unknown>): void;
  /** As `sent`, for a statement whose answer the caller wants after the commit. */
  later<T>(statement: Promise<T>): Later<T>;
  /** As `later`, for a statement that sees all that the transaction does: it is the last before the commit. */
  atEnd<T>(send: () => Promise<T>): Later<T>;
  /** Notes a change for subscribers. It is numbered at the end of the transaction, in commit order. */
  changed(kind: ChangeKind, subjectId: string): void;
  /** Notes what goes on record. Every change that a person or token makes must be on record. */
  audit(record: AuditRecord): void;
  /** Runs after the audit entry has its place and before commit: where the signer is asked. Nothing else may wait here. */
  afterAudit(step: (place: AuditPlace) => Promise<void>): void;
  /** Runs once the change is durable. */
  afterCommit(step: () => void): void;
}

/**
 * An answer that the commit does not wait for. Work that returned the promise itself would wait for it before its
 * transaction could end.
 */
export class Later<T> {
  /** @param answer there once the transaction has committed */
  constructor(readonly answer: Promise<T>) {}
}

/** How somebody without a workspace enters one: see `Database.enter`. */
export interface Entrance<Found, T> {
  /** A SECURITY DEFINER function by hash or id, nothing else: no rows are in sight yet. */
  lookUp: (tx: Transaction) => Promise<Found | null>;
  contextOf: (found: Found) => WorkspaceContext;
  work: (entered: { ctx: WorkspaceContext; tx: WriteTransaction; found: Found }) => Promise<T>;
}

/** The database as the app role sees it. Opens every transaction with its tenant; there is no other way in. */
export class Database {
  constructor(
    private readonly dataSource: DataSource,
    private readonly bus: EventBus,
  ) {}

  /**
   * Reads as the caller; PostgreSQL refuses to write meanwhile. So the end of the transaction is not waited for: it
   * changes nothing of what was read.
   */
  read<T>(ctx: RequestContext, work: (tx: Transaction) => Promise<T>): Promise<T> {
    return new Promise((whenWorked, reject) => {
      this.transaction(ctx, async (manager) => work({ manager }), { mode: 'read only', whenWorked }).catch(reject);
    });
  }

  /**
   * Changes as the caller: rows, then numbered changes, then the audit entry, then `afterAudit`, then `atEnd`, then
   * commit, all or nothing. Only then are subscribers woken.
   */
  async write<T>(ctx: RequestContext, work: (tx: WriteTransaction) => Promise<T>): Promise<T> {
    const notes = new TransactionNotes();
    const result = await this.transaction(ctx, async (manager, commitBehind) => {
      const value = await work(notes.open(manager, commitBehind));
      notes.demandRecord(ctx);
      const settled = notes.settle(ctx, manager);
      // All others of the workspace wait for this number's commit: it follows at once, on the same way.
      if (notes.hasOnlyChanges) commitBehind(settled);
      else await settled;
      notes.sendLast();
      return value;
    });
    this.announce(ctx, notes);
    return result;
  }

  /**
   * Changes on behalf of a newcomer whose workspace only a look-up tells. Look-up and changes are one transaction: what
   * the look-up spends comes back when anything after it fails.
   *
   * @returns null when the look-up finds nothing; nothing was changed then.
   */
  async enter<Found, T>({ lookUp, contextOf, work }: Entrance<Found, T>): Promise<T | null> {
    const notes = new TransactionNotes();
    const entered = await this.transaction(null, async (manager, commitBehind) => {
      const found = await lookUp({ manager });
      if (found === null) return null;
      const ctx = contextOf(found);
      await manager.query(setScope(ctx));
      const value = await work({ ctx, tx: notes.open(manager, commitBehind), found });
      notes.demandRecord(ctx);
      await notes.settle(ctx, manager);
      notes.sendLast();
      return { ctx, value };
    });
    if (entered === null) return null;
    this.announce(entered.ctx, notes);
    return entered.value;
  }

  /** Look-ups that run before a workspace is known: SECURITY DEFINER functions by hash or id, nothing else. */
  lookUp<Row extends object>(sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    return orUnavailable(async () => {
      const runner = this.dataSource.createQueryRunner();
      try {
        return await queryPrepared<Row>(runner.manager, sql, parameters);
      } finally {
        await runner.release();
      }
    });
  }

  /**
   * Its beginning with the tenant, and the first question of `work`, are one round trip: the question does not wait for
   * the answer before it. Where the beginning fails, no tenant is set and row-level security shows nothing.
   *
   * @param whenWorked is told the value once beginning and work were answered
   */
  private transaction<T>(
    ctx: RequestContext | null,
    work: (manager: EntityManager, commitBehind: (statement: Promise<unknown>) => void) => Promise<T>,
    { mode = 'read write', whenWorked }: { mode?: 'read only' | 'read write'; whenWorked?: (value: T) => void } = {},
  ): Promise<T> {
    return orUnavailable(async () => {
      const runner = this.dataSource.createQueryRunner();
      const behind: Promise<unknown>[] = [];
      const commitBehind = (statement: Promise<unknown>) => {
        behind.push(statement);
        statement.catch(() => undefined); // looked at below, with all others
      };
      try {
        const connection = (await runner.connect()) as ClientBase;
        const begun = connection.query(`start transaction ${mode}; ${setScope(ctx)}`);
        // TypeORM's own way to begin waits; what it knows of the transaction afterwards is the same.
        Object.assign(runner, { isTransactionActive: true, transactionDepth: 1 });
        const [, value] = await allAnswered([begun, work(runner.manager, commitBehind)]);
        whenWorked?.(value);
        // Behind a statement that failed, PostgreSQL takes a commit for a rollback; the statement tells why.
        await allAnswered([...behind, runner.commitTransaction()]);
        return value;
      } catch (error) {
        const failed = (await Promise.allSettled(behind)).find((answer) => answer.status === 'rejected');
        await runner.rollbackTransaction().catch(() => {
          // The connection is gone, or there never was one, and with it the transaction. What failed tells why.
        });
        // What nobody waited for made those behind it fail.
        throw failed ? failed.reason : error;
      } finally {
        await runner.release();
      }
    });
  }

  private announce(ctx: RequestContext, notes: TransactionNotes): void {
    // What has to happen now comes before those who watch it.
    notes.committed();
    if (notes.hasChanges && ctx.workspaceId !== null) this.bus.publish(`workspace:${ctx.workspaceId}`);
  }
}

/** Sets whose rows a transaction sees; null: nobody's. */
function setScope(ctx: RequestContext | null): string {
  const workspace = escapeLiteral(ctx?.workspaceId ?? '');
  const user = escapeLiteral((ctx && userIdOf(ctx.actor)) ?? '');
  return `select set_config('app.workspace', ${workspace}, true), set_config('app.user', ${user}, true)`;
}

class TransactionNotes {
  private readonly changes: { kind: ChangeKind; subjectId: string }[] = [];
  private readonly records: AuditRecord[] = [];
  private readonly auditSteps: ((place: AuditPlace) => Promise<void>)[] = [];
  private readonly lastStatements: (() => void)[] = [];
  private readonly commitSteps: (() => void)[] = [];

  get hasChanges(): boolean {
    return this.changes.length > 0;
  }

  /** Nothing on record and no step: no answer decides about the commit, for one that fails ends the transaction. */
  get hasOnlyChanges(): boolean {
    return this.changes.length > 0 && this.records.length === 0 && this.auditSteps.length === 0;
  }

  open(manager: EntityManager, commitBehind: (statement: Promise<unknown>) => void): WriteTransaction {
    return {
      manager,
      sent: commitBehind,
      later: (statement) => {
        commitBehind(statement);
        return new Later(statement);
      },
      atEnd: <T>(send: () => Promise<T>) => {
        const answer = new Promise<T>((resolve) => {
          this.lastStatements.push(() => {
            const statement = send();
            commitBehind(statement);
            resolve(statement);
          });
        });
        answer.catch(() => undefined); // the commit fails with it, and tells why
        return new Later(answer);
      },
      changed: (kind, subjectId) => void this.changes.push({ kind, subjectId }),
      audit: (record) => void this.records.push(record),
      afterAudit: (step) => void this.auditSteps.push(step),
      afterCommit: (step) => void this.commitSteps.push(step),
    };
  }

  /** @throws when a person changes something and nothing goes on record */
  demandRecord(ctx: RequestContext): void {
    const isPerson = ctx.actor.kind === 'USER' || ctx.actor.kind === 'API_TOKEN';
    const wrote = this.changes.length > 0 || this.auditSteps.length > 0;
    if (isPerson && wrote && this.records.length === 0) throw new Error('A change by a person was not put on record');
  }

  async settle(ctx: RequestContext, manager: EntityManager): Promise<void> {
    const [, places] = await allAnswered([
      this.numberChanges(manager),
      allAnswered(this.records.map((record) => appendAudit(manager, ctx, record))),
    ]);
    const place = places.at(-1);
    for (const step of this.auditSteps) {
      if (!place) throw new Error('A step after the audit entry needs an audit entry');
      await step(place);
    }
  }

  sendLast(): void {
    for (const send of this.lastStatements) send();
  }

  committed(): void {
    for (const step of this.commitSteps) step();
  }

  private async numberChanges(manager: EntityManager): Promise<void> {
    if (this.changes.length === 0) return;
    await queryPrepared(
      manager,
      'select event_append(kind, subject) from unnest($1::text[], $2::uuid[]) as c(kind, subject)',
      [this.changes.map((change) => change.kind), this.changes.map((change) => change.subjectId)],
    );
  }
}
