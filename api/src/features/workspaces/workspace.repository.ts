import { WorkspaceEntity } from '@pilothouse/db';
import { IsNull } from 'typeorm';
import type { Role } from '../../kernel/authorisation/index.js';
import type { Transaction } from '../../kernel/database/index.js';

export interface MembershipRow {
  workspaceId: string;
  name: string;
  createdAt: Date;
  role: Role;
  joinedAt: Date;
}

/** Workspaces: the current one, and those the current person is a member of. */
export class WorkspaceRepository {
  current(tx: Transaction, id: string): Promise<WorkspaceEntity | null> {
    return tx.manager.findOneBy(WorkspaceEntity, { id, deletedAt: IsNull() });
  }

  /** False when it was made before. */
  async insert(tx: Transaction, { id, name, createdAt }: Omit<WorkspaceEntity, 'deletedAt'>): Promise<boolean> {
    const rows: unknown[] = await tx.manager.query(
      `insert into workspaces (id, name, created_at) values ($1, $2, $3) on conflict (id) do nothing returning id`,
      [id, name, createdAt],
    );
    return rows.length === 1;
  }

  async rename(tx: Transaction, id: string, name: string): Promise<void> {
    await tx.manager.update(WorkspaceEntity, { id }, { name });
  }

  /** How many workspaces a person owns; two counts of one person never overlap within their transactions. */
  async countOwned(tx: Transaction, userId: string): Promise<number> {
    await tx.manager.query('select 1 from users where id = $1 for update', [userId]);
    const [row]: { count: number }[] = await tx.manager.query(
      `select count(*)::int as count from memberships m join workspaces w on w.id = m.workspace_id
        where m.user_id = $1 and m.role = 'OWNER' and w.deleted_at is null`,
      [userId],
    );
    return row?.count ?? 0;
  }

  /** By name, then id. */
  memberships(
    tx: Transaction,
    { userId, take, after }: { userId: string; take: number; after: { text: string; id: string } | null },
  ): Promise<MembershipRow[]> {
    return tx.manager.query(
      `select w.id as "workspaceId", w.name, w.created_at as "createdAt", m.role, m.created_at as "joinedAt"
         from memberships m join workspaces w on w.id = m.workspace_id
        where m.user_id = $1 and w.deleted_at is null and ($2::text is null or (w.name, w.id) > ($2, $3::uuid))
        order by w.name, w.id limit $4`,
      [userId, after?.text ?? null, after?.id ?? null, take],
    );
  }
}
