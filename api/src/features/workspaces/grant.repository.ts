import { GrantEntity, ServerEntity } from '@pilothouse/db';
import { IsNull } from 'typeorm';
import type { Transaction } from '../../kernel/database/index.js';

export interface GrantRow extends Omit<GrantEntity, 'workspaceId'> {
  email: string;
  displayName: string;
}

/** Custom grants of the current workspace. */
export class GrantRepository {
  hasServer(tx: Transaction, workspaceId: string, serverId: string): Promise<boolean> {
    return tx.manager.existsBy(ServerEntity, { id: serverId, workspaceId, deletedAt: IsNull() });
  }

  /** The same grant, when there is one. */
  same(tx: Transaction, { workspaceId, userId, role, serverId, tag }: GrantEntity): Promise<GrantEntity | null> {
    return tx.manager.findOneBy(GrantEntity, {
      workspaceId,
      userId,
      role,
      serverId: serverId ?? IsNull(),
      tag: tag ?? IsNull(),
    });
  }

  count(tx: Transaction, workspaceId: string, userId: string): Promise<number> {
    return tx.manager.countBy(GrantEntity, { workspaceId, userId });
  }

  async insert(tx: Transaction, grant: GrantEntity): Promise<void> {
    await tx.manager.insert(GrantEntity, grant);
  }

  /** By id, which is by age. */
  list(
    tx: Transaction,
    { workspaceId, take, after }: { workspaceId: string; take: number; after: string | null },
  ): Promise<GrantRow[]> {
    return tx.manager.query(
      `select g.id, g.user_id as "userId", g.role, g.server_id as "serverId", g.tag, g.created_at as "createdAt",
              u.email, u.display_name as "displayName"
         from grants g join users u on u.id = g.user_id
        where g.workspace_id = $1 and ($2::uuid is null or g.id > $2)
        order by g.id limit $3`,
      [workspaceId, after, take],
    );
  }

  /** @returns the grant that was taken away. */
  async remove(tx: Transaction, workspaceId: string, id: string): Promise<GrantEntity | null> {
    const grant = await tx.manager.findOne(GrantEntity, {
      where: { id, workspaceId },
      lock: { mode: 'pessimistic_write' },
    });
    if (grant) await tx.manager.delete(GrantEntity, { id });
    return grant;
  }
}
