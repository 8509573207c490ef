import type { Transaction } from '../../kernel/database/index.js';

export interface LinkRecord {
  id: string;
  serverId: string;
  address: string;
  agentVersion: string;
  connectedAt: Date;
  disconnectedAt: Date | null;
  disconnectReason: string | null;
}

/** A page of one server's connections. */
export interface LinkPageRequest {
  serverId: string;
  take: number;
  after: { at: Date; id: string } | null;
}

export class AgentLinkRepository {
  /** One page for each request, newest first, in one query. */
  async pages(tx: Transaction, requests: readonly LinkPageRequest[]): Promise<LinkRecord[][]> {
    const rows: (LinkRecord & { request: number })[] = await tx.manager.query(
      `select r.request::int as request, c.*
         from unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::uuid[]) with ordinality
              as r(server_id, take, after_at, after_id, request)
        cross join lateral (
          select c.id, c.server_id as "serverId", c.address, c.agent_version as "agentVersion",
                 c.connected_at as "connectedAt", c.disconnected_at as "disconnectedAt",
                 c.disconnect_reason as "disconnectReason"
            from agent_connections c
           where c.server_id = r.server_id
             and (r.after_at is null or (date_trunc('milliseconds', c.connected_at), c.id) < (r.after_at, r.after_id))
           order by date_trunc('milliseconds', c.connected_at) desc, c.id desc limit r.take) c
        order by r.request, date_trunc('milliseconds', c."connectedAt") desc, c.id desc`,
      [
        requests.map(({ serverId }) => serverId),
        requests.map(({ take }) => take),
        requests.map(({ after }) => after?.at ?? null),
        requests.map(({ after }) => after?.id ?? null),
      ],
    );
    const pages: LinkRecord[][] = requests.map(() => []);
    for (const { request, ...link } of rows) pages[request - 1]?.push(link);
    return pages;
  }
}
