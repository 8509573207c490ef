import type { Transaction } from '../../kernel/database/index.js';

export interface TaggedServer {
  id: string;
  workspaceId: string;
}

/**
 * Tags of servers. One that a person has set hides the automatic one of the same name, until it is taken away.
 */
export class ServerTagRepository {
  async add(tx: Transaction, servers: readonly TaggedServer[], tags: readonly string[]): Promise<void> {
    await tx.manager.query(
      `insert into server_tags (workspace_id, server_id, tag, automatic)
       select s.workspace_id, s.id, t.tag, false from servers s cross join unnest($2::text[]) as t(tag) where s.id = any($1::uuid[])
       on conflict (server_id, tag) do update set automatic = false`,
      [servers.map(({ id }) => id), tags],
    );
  }

  /** Takes away tags that people set; what the agent has found too stays, as automatic. */
  async remove(tx: Transaction, servers: readonly TaggedServer[], tags: readonly string[]): Promise<void> {
    const ids = servers.map(({ id }) => id);
    await tx.manager.query(
      `update server_tags t set automatic = true from servers s
        where s.id = t.server_id and t.server_id = any($1::uuid[]) and t.tag = any($2::text[]) and s.facts->'automaticTags' ? t.tag`,
      [ids, tags],
    );
    await tx.manager.query(
      'delete from server_tags where server_id = any($1::uuid[]) and tag = any($2::text[]) and not automatic',
      [ids, tags],
    );
  }

  /** Makes these the tags that people have set. */
  async replace(tx: Transaction, server: TaggedServer, tags: readonly string[]): Promise<void> {
    const rows: { tag: string }[] = await tx.manager.query(
      'select tag from server_tags where server_id = $1 and not automatic and tag <> all($2::text[])',
      [server.id, tags],
    );
    await this.remove(
      tx,
      [server],
      rows.map(({ tag }) => tag),
    );
    await this.add(tx, [server], tags);
  }

  /** Makes these the tags that the agent has found. */
  async replaceAutomatic(tx: Transaction, server: TaggedServer, tags: readonly string[]): Promise<void> {
    await tx.manager.query('delete from server_tags where server_id = $1 and automatic and tag <> all($2::text[])', [
      server.id,
      tags,
    ]);
    await tx.manager.query(
      `insert into server_tags (workspace_id, server_id, tag, automatic)
       select $1, $2, tag, true from unnest($3::text[]) as tag on conflict do nothing`,
      [server.workspaceId, server.id, tags],
    );
  }
}
