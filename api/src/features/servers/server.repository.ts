import { ServerEntity } from '@pilothouse/db';
import { QueryFailedError } from 'typeorm';
import { queryPrepared, type Transaction } from '../../kernel/database/index.js';
import { ALERT_JSON } from './integrity-alert.repository.js';
import { filterConditions, groupsWithin, QueryParameters, type ServerFilter } from './server-filter.sql.js';
import type { ServerRecord } from './server.record.js';

export enum ServerOrder {
  NAME = 'NAME',
  CREATED = 'CREATED',
  LAST_SEEN = 'LAST_SEEN',
}

/** A record with what it is sorted by, as text that loses nothing. */
export type SortedRecord = ServerRecord & { sortKey: string };

export interface ServerQuery {
  filter: ServerFilter;
  order: ServerOrder;
  take: number;
  after: { text: string; id: string } | null;
  now: Date;
}

/** Sets of servers as a target names them. */
export interface ServerSets {
  all: boolean;
  ids: readonly string[];
  tags: readonly string[];
  groupIds: readonly string[];
  excludeServerIds: readonly string[];
}

const COLUMNS = `
  s.id, s.name, s.description, s.group_id as "groupId", s.profile, s.scopes, s.protected, s.maintenance, s.concurrency,
  s.generation, s.queue_held as "queueHeld", s.facts, s.facts_at as "factsAt", s.health, s.created_at as "createdAt",
  s.enrolled_at as "enrolledAt", s.revoked_at as "revokedAt", s.deleted_at as "deletedAt",
  array(select t.tag from server_tags t where t.server_id = s.id and not t.automatic order by t.tag) as tags,
  array(select t.tag from server_tags t where t.server_id = s.id and t.automatic order by t.tag) as "automaticTags",
  a.agent_version as "agentVersion", a.protocol_version as "protocolVersion", a.connected_at as "connectedAt",
  a.last_frame_at as "lastFrameAt", a.disconnected_at as "disconnectedAt", a.disconnect_reason as "disconnectReason",
  a.latency_ms as "latencyMs",
  (select ${ALERT_JSON} from alerts where server_id = s.id and kind = 'INTEGRITY' and acknowledged_at is null) as "integrityAlert"`;
const FROM = 'from servers s left join agent_sessions a on a.server_id = s.id';

const microseconds = (column: string) => `coalesce((extract(epoch from ${column}) * 1000000)::bigint, 0)`;
const SORT_KEYS: Record<ServerOrder, { key: string; type: string; direction: 'asc' | 'desc' }> = {
  [ServerOrder.NAME]: { key: 'lower(s.name)', type: 'text', direction: 'asc' },
  [ServerOrder.CREATED]: { key: microseconds('s.created_at'), type: 'bigint', direction: 'desc' },
  [ServerOrder.LAST_SEEN]: { key: microseconds('a.last_frame_at'), type: 'bigint', direction: 'desc' },
};

export class ServerRepository {
  list(tx: Transaction, { filter, order, take, after, now }: ServerQuery): Promise<SortedRecord[]> {
    const { key, type, direction } = SORT_KEYS[order];
    const parameters = new QueryParameters();
    const conditions = ['s.deleted_at is null', ...filterConditions(filter, parameters, now)];
    if (after) {
      const place = `(${parameters.add(after.text)}::${type}, ${parameters.add(after.id)}::uuid)`;
      conditions.push(`(${key}, s.id) ${direction === 'asc' ? '>' : '<'} ${place}`);
    }
    return tx.manager.query(
      `select ${COLUMNS}, (${key})::text as "sortKey" ${FROM} where ${conditions.join(' and ')}
        order by ${key} ${direction}, s.id ${direction} limit ${parameters.add(take)}`,
      parameters.values,
    );
  }

  /** Also those that are deleted: history goes on naming them. */
  findMany(tx: Transaction, ids: readonly string[]): Promise<ServerRecord[]> {
    return tx.manager.query(`select ${COLUMNS} ${FROM} where s.id = any($1::uuid[])`, [ids]);
  }

  async find(tx: Transaction, id: string): Promise<ServerRecord | null> {
    const [record] = await this.findMany(tx, [id]);
    return record && record.deletedAt === null ? record : null;
  }

  /** Everything that one of the sets holds and `excludeServerIds` does not, by name. */
  findInSets(tx: Transaction, { all, ids, tags, groupIds, excludeServerIds }: ServerSets): Promise<ServerRecord[]> {
    return queryPrepared(
      tx.manager,
      `select ${COLUMNS} ${FROM}
        where s.deleted_at is null and s.id <> all($5::uuid[])
          and ($1 or s.id = any($2::uuid[])
               or exists (select from server_tags t where t.server_id = s.id and t.tag = any($3::text[]))
               or s.group_id in ${groupsWithin('$4')})
        order by lower(s.name), s.id`,
      [all, ids, tags, groupIds, excludeServerIds],
    );
  }

  /** Locks rows in the order of their ids, so that two changes never wait for each other. */
  async lock(tx: Transaction, ids: readonly string[]): Promise<void> {
    await tx.manager.query('select id from servers where id = any($1::uuid[]) order by id for no key update', [ids]);
  }

  async lockTokens(tx: Transaction, serverId: string): Promise<void> {
    await tx.manager.query(
      `select id from enrolment_tokens where server_id = $1 and used_at is null and revoked_at is null
        order by id for no key update`,
      [serverId],
    );
  }

  /** @returns false when the id or the name is taken: nothing was stored then. */
  async insert(tx: Transaction, server: NewServer): Promise<boolean> {
    const rows: unknown[] = await tx.manager.query(
      `insert into servers (id, workspace_id, name, description, group_id, profile, scopes, protected, concurrency, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing returning id`,
      [
        server.id,
        server.workspaceId,
        server.name,
        server.description,
        server.groupId,
        server.profile,
        server.scopes,
        server.protected,
        server.concurrency,
        server.createdAt,
      ],
    );
    return rows.length > 0;
  }

  async update(tx: Transaction, ids: readonly string[], fields: ServerFields): Promise<void> {
    await tx.manager.createQueryBuilder().update(ServerEntity).set(fields).where('id = any(:ids)', { ids }).execute();
  }

  /** Ends trust in the server's agent: its identity is void, and so is every envelope signed before. */
  async revoke(tx: Transaction, id: string, at: Date): Promise<void> {
    await tx.manager.query('update servers set revoked_at = $2, generation = generation + 1 where id = $1', [id, at]);
    await tx.manager.query('update agent_identities set revoked_at = $2 where server_id = $1 and revoked_at is null', [
      id,
      at,
    ]);
  }
}

export type NewServer = Pick<
  ServerEntity,
  | 'id'
  | 'workspaceId'
  | 'name'
  | 'description'
  | 'groupId'
  | 'profile'
  | 'scopes'
  | 'protected'
  | 'concurrency'
  | 'createdAt'
>;

export type ServerFields = Partial<
  Pick<
    ServerEntity,
    | 'name'
    | 'description'
    | 'groupId'
    | 'profile'
    | 'scopes'
    | 'protected'
    | 'maintenance'
    | 'concurrency'
    | 'deletedAt'
  >
>;

/** Whether a change failed because another server has the name. */
export function isNameConflict(error: unknown): boolean {
  const driverError = error instanceof QueryFailedError ? (error.driverError as { constraint?: string }) : undefined;
  return driverError?.constraint === 'servers_name';
}
