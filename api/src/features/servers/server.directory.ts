import type { Database } from '../../kernel/database/index.js';
import { loaderOf } from '../../kernel/graphql/loader.js';
import { isId } from '../../kernel/ids.js';
import type { RequestContext } from '../../kernel/request-context.js';
import { toServerNode } from './server.node.js';
import type { ServerRecord } from './server.record.js';
import type { ServerRepository } from './server.repository.js';
import type { Server } from './server.types.js';

/** Servers for the fields of other features. Deleted ones are found too: history goes on naming them. */
export class ServerDirectory {
  constructor(private readonly parts: { database: Database; servers: ServerRepository }) {}

  /** The server; null when the workspace never had one of that id. Asked for together, found together. */
  async byId(ctx: RequestContext, id: string): Promise<Server | null> {
    if (!isId(id)) return null;
    const record = await loaderOf(ctx, this.loadMany).load(id.toLowerCase());
    return record && toServerNode(record, ctx.now());
  }

  private readonly loadMany = async (ctx: RequestContext, ids: readonly string[]): Promise<(ServerRecord | null)[]> => {
    const { database, servers } = this.parts;
    const records = await database.read(ctx, (tx) => servers.findMany(tx, [...new Set(ids)]));
    const byId = new Map(records.map((record) => [record.id, record]));
    return ids.map((id) => byId.get(id) ?? null);
  };
}
