import { API_LIMITS } from '@pilothouse/protocol';
import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { followChanges, type Change } from '../../kernel/streams/follow-changes.js';
import { possibleIds } from './server.checks.js';
import type { ServerRecord } from './server.record.js';
import type { ServerRepository } from './server.repository.js';

/** Changes of servers as they are committed, deletions too. */
export class ServerChangeFeed {
  constructor(private readonly parts: { database: Database; bus: EventBus; servers: ServerRepository }) {}

  /** From a number on, without gap or duplicate. @throws BAD_USER_INPUT before the first change. */
  async follow(
    ctx: WorkspaceContext,
    { afterSeq, serverIds }: { afterSeq?: number | null; serverIds?: readonly string[] | null },
  ): Promise<AsyncGenerator<Change<ServerRecord>, void>> {
    const { database, bus, servers } = this.parts;
    return followChanges(ctx, {
      database,
      bus,
      kind: 'SERVER',
      afterSeq: afterSeq ?? null,
      ids: serverIds ? possibleIds(serverIds, API_LIMITS.maxPageSize, 'serverIds') : null,
      load: (tx, changed) => servers.findMany(tx, changed),
    });
  }
}
