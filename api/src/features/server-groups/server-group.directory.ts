import type { Database, Transaction } from '../../kernel/database/index.js';
import { loaderOf } from '../../kernel/graphql/loader.js';
import { isId } from '../../kernel/ids.js';
import type { RequestContext } from '../../kernel/request-context.js';
import type { GroupRecord, ServerGroupRepository } from './server-group.repository.js';
import { toGroupNode } from './server-group.resolver.js';
import type { ServerGroup } from './server-group.types.js';

/** Groups for other features. */
export class ServerGroupDirectory {
  constructor(private readonly parts: { database: Database; groups: ServerGroupRepository }) {}

  /** The group; null when the workspace has none of that id. Asked for together, found together. */
  async load(ctx: RequestContext, id: string): Promise<ServerGroup | null> {
    const record = await loaderOf(ctx, this.loadMany).load(id);
    return record && toGroupNode(record);
  }

  /** Whether the group exists; if so it stays until the transaction ends. */
  async hold(tx: Transaction, id: string): Promise<boolean> {
    return isId(id) && this.parts.groups.hold(tx, id);
  }

  private readonly loadMany = async (ctx: RequestContext, ids: readonly string[]): Promise<(GroupRecord | null)[]> => {
    const { database, groups } = this.parts;
    const records = await database.read(ctx, (tx) => groups.findMany(tx, ids));
    const byId = new Map(records.map((record) => [record.id, record]));
    return ids.map((id) => byId.get(id) ?? null);
  };
}
