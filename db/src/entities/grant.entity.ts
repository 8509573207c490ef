import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { ServerEntity } from './server.entity.js';
import { UserEntity } from './user.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

export type GrantRole = 'DEPLOYER' | 'OPERATOR' | 'ADMIN';

/** Rights beyond a user's role in the workspace, on one server or on every server with a tag. */
@Entity({ name: 'grants' })
@Check('grants_role', `role in ('DEPLOYER', 'OPERATOR', 'ADMIN')`)
@Check('grants_one_target', `num_nonnulls(server_id, tag) = 1`)
@ForeignKey(() => ServerEntity, ['workspaceId', 'serverId'], ['workspaceId', 'id'], {
  name: 'grants_server',
  onDelete: 'CASCADE',
})
@Index('grants_by_user', ['workspaceId', 'userId'])
export class GrantEntity {
  @PrimaryColumn({ type: 'uuid', name: 'id', primaryKeyConstraintName: 'grants_pkey' })
  id!: string;

  @ForeignKey(() => WorkspaceEntity, { name: 'grants_workspace', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'workspace_id' })
  workspaceId!: string;

  @ForeignKey(() => UserEntity, { name: 'grants_user', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'user_id' })
  userId!: string;

  @Column({ type: 'text', name: 'role' })
  role!: GrantRole;

  @Column({ type: 'uuid', name: 'server_id', nullable: true })
  serverId!: string | null;

  @Column({ type: 'text', name: 'tag', nullable: true })
  tag!: string | null;

  @Column({ type: 'timestamp with time zone', name: 'created_at' })
  createdAt!: Date;
}
