import { mayOnServer } from '../../kernel/authorisation/index.js';
import type { Transaction } from '../../kernel/database/index.js';
import { Fault, notFound } from '../../kernel/fault.js';
import { isId } from '../../kernel/ids.js';
import type { RequestContext } from '../../kernel/request-context.js';
import type { MetricsRepository, ServerPage } from './metrics.repository.js';

/** Which servers' metrics a caller may see: those of the workspace, of which each is judged. */
export class VisibleServers {
  constructor(private readonly repository: MetricsRepository) {}

  /** In the order of their ids. */
  async page(ctx: RequestContext, tx: Transaction, page: ServerPage): Promise<string[]> {
    const servers = await this.repository.servers(tx, page);
    return servers.filter((server) => mayOnServer(ctx, 'metrics.read', server)).map(({ id }) => id);
  }

  /** Those of the given ids that the caller may see now. */
  among(ctx: RequestContext, tx: Transaction, ids: readonly string[]): Promise<string[]> {
    return this.page(ctx, tx, { ids, afterId: null, take: ids.length });
  }

  /** @throws NOT_FOUND unless the caller may see every one. */
  async demand(ctx: RequestContext, tx: Transaction, ids: readonly string[]): Promise<void> {
    if (!ids.every(isId)) throw notFound('A server');
    const visible = await this.among(ctx, tx, ids);
    if (visible.length < ids.length) throw notFound('A server');
  }
}

/** The ids, each once. @throws BAD_USER_INPUT unless there are 1 to `limit`. */
export function serverSet(ids: readonly string[], limit: number): string[] {
  const distinct = [...new Set(ids.map((id) => id.toLowerCase()))];
  if (distinct.length < 1 || distinct.length > limit) {
    throw new Fault('BAD_USER_INPUT', `serverIds must name from 1 to ${limit} servers.`);
  }
  return distinct;
}
