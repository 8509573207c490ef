import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { UserEntity } from './user.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

export type MembershipRole = 'VIEWER' | 'DEPLOYER' | 'OPERATOR' | 'ADMIN' | 'OWNER';

/** The role that a user has in a workspace. */
@Entity({ name: 'memberships' })
@Check('memberships_role', `role in ('VIEWER', 'DEPLOYER', 'OPERATOR', 'ADMIN', 'OWNER')`)
@Index('memberships_by_user', ['userId'])
export class MembershipEntity {
  @ForeignKey(() => WorkspaceEntity, { name: 'memberships_workspace', onDelete: 'CASCADE' })
  @PrimaryColumn({ type: 'uuid', name: 'workspace_id', primaryKeyConstraintName: 'memberships_pkey' })
  workspaceId!: string;

  @ForeignKey(() => UserEntity, { name: 'memberships_user', onDelete: 'CASCADE' })
  @PrimaryColumn({ type: 'uuid', name: 'user_id', primaryKeyConstraintName: 'memberships_pkey' })
  userId!: string;

  @Column({ type: 'text', name: 'role' })
  role!: MembershipRole;

  @Column({ type: 'timestamp with time zone', name: 'created_at' })
  createdAt!: Date;
}
