import { RUN_LIMITS, type Scope } from '@pilothouse/protocol';
import { mayOnServer, type Action } from '../../kernel/authorisation/index.js';
import type { Transaction } from '../../kernel/database/index.js';
import type { RequestContext } from '../../kernel/request-context.js';
import { boundedList, possibleIds } from './server.checks.js';
import { viewState, type ServerRecord } from './server.record.js';
import type { ServerRepository } from './server.repository.js';

/** Which servers are meant. Members add up; `excludeServerIds` takes away; nothing given means none. */
export interface TargetExpression {
  serverIds?: readonly string[] | null;
  tags?: readonly string[] | null;
  groupIds?: readonly string[] | null;
  excludeServerIds?: readonly string[] | null;
  all?: boolean | null;
}

/** A server that the caller may act on. */
export interface TargetServer {
  id: string;
  name: string;
  /** Those that people have set: what grants go by. */
  tags: readonly string[];
  scopes: readonly Scope[];
  generation: number;
  concurrency: number;
  protected: boolean;
  online: boolean;
  revoked: boolean;
  pending: boolean;
  maintenance: boolean;
}

const MAX_TAGS = 100;
const MAX_GROUPS = 100;

/** Turns an expression into servers of the workspace, by name. */
export class ServerTargets {
  constructor(private readonly servers: ServerRepository) {}

  /**
   * Never more than the servers on which the caller may do `action`. A tag means those set by people and automatic ones
   * alike; a group includes the groups inside it. Ids that are not the workspace's are as if they had not been given.
   *
   * Not cut off at the largest run: leaving servers out unseen would be worse than refusing, which is the caller's part.
   *
   * @throws BAD_USER_INPUT when a list has more entries than a run may have servers, or more than 100 tags or groups.
   */
  async resolve(
    ctx: RequestContext,
    tx: Transaction,
    { target, action }: { target: TargetExpression; action: Action },
  ): Promise<TargetServer[]> {
    const sets = {
      all: target.all === true,
      ids: possibleIds(target.serverIds ?? [], RUN_LIMITS.maxServers, 'serverIds'),
      tags: boundedList(target.tags ?? [], MAX_TAGS, 'tags'),
      groupIds: possibleIds(target.groupIds ?? [], MAX_GROUPS, 'groupIds'),
      excludeServerIds: possibleIds(target.excludeServerIds ?? [], RUN_LIMITS.maxServers, 'excludeServerIds'),
    };
    if (!sets.all && sets.ids.length + sets.tags.length + sets.groupIds.length === 0) return [];
    const records = await this.servers.findInSets(tx, sets);
    return records.filter((record) => mayOnServer(ctx, action, record)).map((record) => toTarget(record, ctx.now()));
  }
}

function toTarget(record: ServerRecord, now: Date): TargetServer {
  const { id, name, tags, generation, concurrency, maintenance } = record;
  const revoked = record.revokedAt !== null;
  return {
    id,
    name,
    tags,
    scopes: record.scopes as Scope[],
    generation,
    concurrency,
    protected: record.protected,
    online: viewState(record, now).connected,
    revoked,
    pending: !revoked && record.enrolledAt === null,
    maintenance,
  };
}
