import type { Database } from '../../kernel/database/index.js';
import { decodeTimeCursor, pageSize, timeCursor, toPage, type Page } from '../../kernel/graphql/connection.js';
import { loaderOf } from '../../kernel/graphql/loader.js';
import type { RequestContext } from '../../kernel/request-context.js';
import type { AgentLinkRepository, LinkPageRequest, LinkRecord } from './agent-link.repository.js';

/** History of the connections of servers' agents. */
export class AgentLinkService {
  constructor(private readonly parts: { database: Database; links: AgentLinkRepository }) {}

  /** Newest first. Pages of several servers that are asked for together are read together. */
  async page(
    ctx: RequestContext,
    serverId: string,
    { first, after }: { first: number; after?: string | null },
  ): Promise<Page<LinkRecord>> {
    const size = pageSize(first);
    if (after) decodeTimeCursor(after);
    const rows = await loaderOf(ctx, this.loadPages).load(JSON.stringify([serverId, size + 1, after ?? null]));
    return toPage(rows ?? [], size, (row) => timeCursor(row.connectedAt, row.id));
  }

  private readonly loadPages = (ctx: RequestContext, keys: readonly string[]): Promise<LinkRecord[][]> => {
    const { database, links } = this.parts;
    return database.read(ctx, (tx) => links.pages(tx, keys.map(readKey)));
  };
}

function readKey(key: string): LinkPageRequest {
  const [serverId, take, after] = JSON.parse(key) as [string, number, string | null];
  return { serverId, take, after: after === null ? null : decodeTimeCursor(after) };
}
