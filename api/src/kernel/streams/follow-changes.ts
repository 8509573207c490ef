import { allAnswered, type ChangeKind, type Database, type Transaction } from '../database/index.js';
import type { EventBus } from '../event-bus.js';
import { Fault } from '../fault.js';
import type { WorkspaceContext } from '../request-context.js';
import { findNextChanges, lastChange, oldestChange, type WantedChanges } from './change.repository.js';
import { follow } from './follow.js';

/** A thing that changed, as it is now, and the number of the change in its workspace. */
export interface Change<Thing> {
  seq: number;
  thing: Thing;
}

export interface FollowedChanges<Thing extends { id: string }> {
  database: Database;
  bus: EventBus;
  kind: ChangeKind;
  /** Resume after this number; null: from now on. */
  afterSeq: number | null;
  /** Only these things; null: all of the workspace. */
  ids: readonly string[] | null;
  load: (tx: Transaction, ids: readonly string[]) => Promise<readonly Thing[]>;
  /** The same without knowing the ids yet, where that is worth a statement of its own: one wait less for each change. */
  loadAhead?: ((tx: Transaction, wanted: WantedChanges) => Promise<readonly Thing[]>) | undefined;
}

const NOTHING = Promise.resolve([]);

/**
 * Changes of one kind in commit order, without gap or duplicate after `afterSeq`. Each carries the thing as it is when
 * read, so several quick changes may show the same, latest state. A thing that `load` does not find is left out.
 *
 * @throws BAD_USER_INPUT before the first change when `afterSeq` is older than what is kept (24 h), or no number of this
 *   workspace: read everything anew.
 */
export async function followChanges<Thing extends { id: string }>(
  ctx: WorkspaceContext,
  { database, bus, kind, afterSeq, ids, load, loadAhead }: FollowedChanges<Thing>,
): Promise<AsyncGenerator<Change<Thing>, void>> {
  let seq = await database.read(ctx, (tx) => firstSeq(tx, afterSeq));
  let isCaughtUp = false;
  return follow<Change<Thing>>({
    bus,
    topic: `workspace:${ctx.workspaceId}`,
    isCaughtUp: () => isCaughtUp,
    read: () =>
      database.read(ctx, async (tx) => {
        const wanted = { kind, ids, afterSeq: seq };
        const [changes, ahead] = await allAnswered([findNextChanges(tx, wanted), loadAhead?.(tx, wanted) ?? NOTHING]);
        const things = new Map(ahead.map((thing) => [thing.id, thing]));
        const others = new Set(changes.found.map(({ subjectId }) => subjectId).filter((id) => !things.has(id)));
        for (const thing of others.size > 0 ? await load(tx, [...others]) : []) things.set(thing.id, thing);
        seq = changes.upTo;
        isCaughtUp = changes.isLast;
        return changes.found.flatMap((change) => {
          const thing = things.get(change.subjectId);
          return thing ? [{ seq: change.seq, thing }] : [];
        });
      }),
  });
}

async function firstSeq(tx: Transaction, afterSeq: number | null): Promise<number> {
  const last = await lastChange(tx);
  if (afterSeq === null) return last;
  const oldest = (await oldestChange(tx)) ?? last + 1;
  if (afterSeq < oldest - 1 || afterSeq > last) {
    throw new Fault('BAD_USER_INPUT', 'That number is no longer kept. Read the list anew and follow from now on.');
  }
  return afterSeq;
}

/** Every id with what was found of it: a deletion is told of too. */
export function withMissing<Record extends { id: string }>(
  ids: readonly string[],
  records: readonly Record[],
): { id: string; found: Record | null }[] {
  const byId = new Map(records.map((record) => [record.id, record]));
  return ids.map((id) => ({ id, found: byId.get(id) ?? null }));
}
