import { ServerGroupEntity } from '@pilothouse/db';
import { In } from 'typeorm';
import type { Transaction } from '../../kernel/database/index.js';
import type { Placed } from './server-group.rules.js';

/** A group as it is shown. */
export interface GroupRecord extends Placed {
  name: string;
  colour: string | null;
  serverCount: number;
  createdAt: Date;
  /** What lists are sorted by, as the database folds it. */
  sortKey: string;
}

export interface TagRecord {
  tag: string;
  serverCount: number;
  automatic: boolean;
}

const SELECT = `
  select g.id, g.parent_id as "parentId", g.name, g.colour, g.created_at as "createdAt",
         lower(g.name) as "sortKey",
         (select count(*)::int from servers s where s.group_id = g.id and s.deleted_at is null) as "serverCount"
    from server_groups g`;

export class ServerGroupRepository {
  findMany(tx: Transaction, ids: readonly string[]): Promise<GroupRecord[]> {
    return tx.manager.query(`${SELECT} where g.id = any($1)`, [ids]);
  }

  /** In the order of their names. */
  list(
    tx: Transaction,
    { take, after }: { take: number; after: { text: string; id: string } | null },
  ): Promise<GroupRecord[]> {
    const condition = after ? 'where (lower(g.name), g.id) > ($2, $3::uuid)' : '';
    const parameters = after ? [take, after.text, after.id] : [take];
    return tx.manager.query(`${SELECT} ${condition} order by lower(g.name), g.id limit $1`, parameters);
  }

  /** The workspace's whole tree; nobody else changes it until the transaction ends. */
  async lockTree(tx: Transaction, workspaceId: string): Promise<Map<string, Placed>> {
    await tx.manager.query(`select pg_advisory_xact_lock(hashtextextended('server-groups:' || $1, 0))`, [workspaceId]);
    const rows: Placed[] = await tx.manager.query('select id, parent_id as "parentId" from server_groups');
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** @returns whether the group is there; it stays so until the transaction ends. */
  async hold(tx: Transaction, id: string): Promise<boolean> {
    const rows: unknown[] = await tx.manager.query('select id from server_groups where id = $1 for key share', [id]);
    return rows.length > 0;
  }

  /** Whether no sibling has the name, those in `except` aside. Asked with the tree locked, the answer holds. */
  async isNameFree(
    tx: Transaction,
    { parentId, name, except }: { parentId: string | null; name: string; except: readonly string[] },
  ): Promise<boolean> {
    const rows: unknown[] = await tx.manager.query(
      `select id from server_groups
        where parent_id is not distinct from $1::uuid and lower(name) = lower($2) and id <> all($3)`,
      [parentId, name, except],
    );
    return rows.length === 0;
  }

  async insert(tx: Transaction, group: ServerGroupEntity): Promise<void> {
    await tx.manager.insert(ServerGroupEntity, group);
  }

  async update(
    tx: Transaction,
    id: string,
    fields: Partial<Pick<ServerGroupEntity, 'name' | 'parentId' | 'colour'>>,
  ): Promise<void> {
    await tx.manager.update(ServerGroupEntity, { id }, fields);
  }

  async delete(tx: Transaction, id: string): Promise<void> {
    await tx.manager.delete(ServerGroupEntity, { id });
  }

  /** Names of the groups directly in a group. */
  async childrenOf(tx: Transaction, id: string): Promise<{ id: string; name: string }[]> {
    return tx.manager.query('select id, name from server_groups where parent_id = $1 order by id', [id]);
  }

  /** Moves all servers of a group. @returns their ids, without those that are deleted. */
  async moveServers(tx: Transaction, from: string, to: string | null): Promise<string[]> {
    const [rows]: [{ id: string; deleted: boolean }[], number] = await tx.manager.query(
      'update servers set group_id = $2 where group_id = $1 returning id, deleted_at is not null as deleted',
      [from, to],
    );
    return rows.filter(({ deleted }) => !deleted).map(({ id }) => id);
  }

  async moveGroups(tx: Transaction, ids: readonly string[], to: string | null): Promise<void> {
    if (ids.length > 0) await tx.manager.update(ServerGroupEntity, { id: In([...ids]) }, { parentId: to });
  }

  /** The tags of most servers first. */
  tags(tx: Transaction, limit: number): Promise<TagRecord[]> {
    return tx.manager.query(
      `select t.tag, count(*)::int as "serverCount", bool_and(t.automatic) as automatic
         from server_tags t join servers s on s.id = t.server_id and s.deleted_at is null
        group by t.tag order by count(*) desc, t.tag limit $1`,
      [limit],
    );
  }
}
