import { mayOnServer } from '../../kernel/authorisation/index.js';
import type { Transaction } from '../../kernel/database/index.js';
import { Fault, notFound } from '../../kernel/fault.js';
import { isId, knownId } from '../../kernel/ids.js';
import type { RequestContext } from '../../kernel/request-context.js';
import type { ServerRecord } from './server.record.js';
import type { ServerRepository } from './server.repository.js';

/** Opens servers for change to those who may change them. */
export class ServerAccess {
  constructor(private readonly servers: ServerRepository) {}

  /** The server, locked until the transaction ends. @throws NOT_FOUND, FORBIDDEN */
  async open(ctx: RequestContext, tx: Transaction, id: string): Promise<ServerRecord> {
    await this.servers.lock(tx, [knownId(id, 'The server')]);
    const record = await this.servers.find(tx, id);
    if (!record) throw notFound('The server');
    if (!mayChange(ctx, record)) throw new Fault('FORBIDDEN', `You may not change ${record.name}; an admin may.`);
    return record;
  }

  /**
   * The same for a change of whom the server trusts. Unspent tokens are locked before the server, as in the redemption of
   * one: neither waits for the other for ever, and a token cannot be spent past the change.
   */
  async openTrust(ctx: RequestContext, tx: Transaction, id: string): Promise<ServerRecord> {
    if (isId(id)) await this.servers.lockTokens(tx, id);
    return this.open(ctx, tx, id);
  }

  /** The servers of these ids that are there, locked until the transaction ends, by id. */
  async openMany(tx: Transaction, ids: readonly string[]): Promise<ReadonlyMap<string, ServerRecord>> {
    const possible = ids.filter(isId);
    await this.servers.lock(tx, possible);
    const records = await this.servers.findMany(tx, possible);
    return new Map(records.filter(({ deletedAt }) => deletedAt === null).map((record) => [record.id, record]));
  }
}

export function mayChange(ctx: RequestContext, record: ServerRecord): boolean {
  return mayOnServer(ctx, 'servers.write', record);
}
