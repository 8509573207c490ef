import { API_LIMITS } from '@pilothouse/protocol';
import { Arg, Ctx, ID, Resolver, Root, Subscription, type ClassType } from 'type-graphql';
import { Allow, type Action } from '../authorisation/index.js';
import type { ChangeKind, Database, Transaction } from '../database/index.js';
import type { EventBus } from '../event-bus.js';
import { Fault } from '../fault.js';
import { isId } from '../ids.js';
import type { WorkspaceContext } from '../request-context.js';
import { AfterSeq, checkedSeq } from './after-seq.js';
import type { WantedChanges } from './change.repository.js';
import { followChanges, type Change } from './follow-changes.js';

/** What every subscription to changes stands on. */
export interface ChangeParts {
  database: Database;
  bus: EventBus;
}

/** What can be followed of one kind of change. */
export interface ChangeSubscription<Thing extends { id: string }, Event extends object> {
  /** Of the subscription: `serverChanged`. */
  name: string;
  description: string;
  type: ClassType<Event>;
  kind: ChangeKind;
  action: Action;
  /** The argument that chooses single things; without it all of the workspace are followed. */
  ids?: { name: string; description: string };
  /** What `afterSeq` is described by, where the subscription says it in words of its own. */
  afterSeq?: string;
  /** The things of these ids as they are now. One that is left out is not told of. */
  load: (tx: Transaction, ids: readonly string[], ctx: WorkspaceContext) => Promise<readonly Thing[]>;
  /** See `FollowedChanges`. */
  loadAhead?: (tx: Transaction, wanted: WantedChanges) => Promise<readonly Thing[]>;
  toChange: (change: Change<Thing>, ctx: WorkspaceContext) => Event;
}

/**
 * A resolver of one resumable subscription to changes, in commit order. It is made around its parts, because
 * type-graphql calls `subscribe` without the resolver that it belongs to.
 */
export function changeSubscription<Thing extends { id: string }, Event extends object>(
  { database, bus }: ChangeParts,
  { name, description, type, kind, action, ids, afterSeq, load, loadAhead, toChange }: ChangeSubscription<Thing, Event>,
): object {
  const start = (ctx: WorkspaceContext, args: Record<string, unknown>) =>
    followChanges<Thing>(ctx, {
      database,
      bus,
      kind,
      afterSeq: checkedSeq(args.afterSeq as number | null | undefined),
      ids: ids ? followedIds(args[ids.name] as readonly string[] | null | undefined) : null,
      load: (tx, changed) => load(tx, changed, ctx),
      loadAhead,
    });

  @Resolver()
  class ChangeResolver {
    @Subscription(() => type, {
      name,
      description,
      subscribe: ({ args, context }) => start(context as WorkspaceContext, args),
    })
    @Allow(action)
    changed(
      @Root() change: Change<Thing>,
      @Ctx() ctx: WorkspaceContext,
      @AfterSeq(afterSeq) _afterSeq?: number | null,
      _ids?: string[] | null,
    ): Event {
      return toChange(change, ctx);
    }
  }
  if (ids) {
    const options = { nullable: true, description: ids.description };
    Arg(ids.name, () => [ID], options)(ChangeResolver.prototype, 'changed', IDS_PARAMETER);
  }
  return new ChangeResolver();
}

const IDS_PARAMETER = 3;

/** Ids that rows can have; null: all. @throws BAD_USER_INPUT for too many. */
function followedIds(ids: readonly string[] | null | undefined): readonly string[] | null {
  if (ids == null) return null;
  if (ids.length > API_LIMITS.maxPageSize) {
    throw new Fault('BAD_USER_INPUT', `At most ${API_LIMITS.maxPageSize} ids can be followed at once.`);
  }
  return ids.filter(isId);
}
