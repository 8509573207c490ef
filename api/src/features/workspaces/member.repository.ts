import { ApiTokenEntity, GrantEntity, MembershipEntity, UserEntity } from '@pilothouse/db';
import { In, IsNull } from 'typeorm';
import type { Role } from '../../kernel/authorisation/index.js';
import type { Transaction } from '../../kernel/database/index.js';

export interface MemberRow {
  userId: string;
  email: string;
  displayName: string;
  role: Role;
  joinedAt: Date;
}

const SELECT = `
  select m.user_id as "userId", u.email, u.display_name as "displayName", m.role, m.created_at as "joinedAt"
    from memberships m join users u on u.id = m.user_id`;

/** Members of the current workspace. */
export class MemberRepository {
  /** False when the person is a member already. */
  async add(tx: Transaction, { workspaceId, userId, role, createdAt }: MembershipEntity): Promise<boolean> {
    const rows: unknown[] = await tx.manager.query(
      `insert into memberships (workspace_id, user_id, role, created_at) values ($1, $2, $3, $4)
       on conflict do nothing returning user_id`,
      [workspaceId, userId, role, createdAt],
    );
    return rows.length === 1;
  }

  /** By id, which is by age. */
  list(
    tx: Transaction,
    { workspaceId, take, after }: { workspaceId: string; take: number; after: string | null },
  ): Promise<MemberRow[]> {
    return tx.manager.query(
      `${SELECT}
        where m.workspace_id = $1 and ($2::uuid is null or m.user_id > $2)
        order by m.user_id limit $3`,
      [workspaceId, after, take],
    );
  }

  findMany(tx: Transaction, workspaceId: string, userIds: readonly string[]): Promise<MemberRow[]> {
    return tx.manager.query(`${SELECT} where m.workspace_id = $1 and m.user_id = any($2)`, [workspaceId, userIds]);
  }

  /**
   * Roles of these people and of all owners, locked in one order until the transaction ends: roles are judged on what
   * is true, and two changes at once cannot both be the last but one owner's.
   */
  async hold(tx: Transaction, workspaceId: string, userIds: readonly string[]): Promise<Map<string, Role>> {
    const rows = await tx.manager.find(MembershipEntity, {
      where: [
        { workspaceId, role: 'OWNER' },
        { workspaceId, userId: In([...userIds]) },
      ],
      order: { userId: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    return new Map(rows.map((row) => [row.userId, row.role]));
  }

  async one(tx: Transaction, workspaceId: string, userId: string): Promise<MemberRow> {
    const { role, createdAt } = await tx.manager.findOneByOrFail(MembershipEntity, { workspaceId, userId });
    const { email, displayName } = await this.person(tx, userId);
    return { userId, email, displayName, role, joinedAt: createdAt };
  }

  person(tx: Transaction, userId: string): Promise<UserEntity> {
    return tx.manager.findOneByOrFail(UserEntity, { id: userId });
  }

  async setRole(tx: Transaction, workspaceId: string, { userId, role }: { userId: string; role: Role }): Promise<void> {
    await tx.manager.update(MembershipEntity, { workspaceId, userId }, { role });
  }

  /** Takes membership, grants and API tokens away. @returns the ids of the tokens that ended. */
  async remove(tx: Transaction, workspaceId: string, { userId, at }: { userId: string; at: Date }): Promise<string[]> {
    const where = { workspaceId, userId, revokedAt: IsNull() };
    const tokens = await tx.manager.find(ApiTokenEntity, { where, select: { id: true } });
    if (tokens.length > 0) await tx.manager.update(ApiTokenEntity, where, { revokedAt: at });
    await tx.manager.delete(GrantEntity, { workspaceId, userId });
    await tx.manager.delete(MembershipEntity, { workspaceId, userId });
    return tokens.map((token) => token.id);
  }
}
