import { Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { WorkspaceEntity } from './workspace.entity.js';

/** A named group of servers; groups nest. */
@Entity({ name: 'server_groups' })
@Unique('server_groups_in_workspace', ['workspaceId', 'id'])
@ForeignKey(() => ServerGroupEntity, ['workspaceId', 'parentId'], ['workspaceId', 'id'], {
  name: 'server_groups_parent',
  onDelete: 'RESTRICT',
})
@Index('server_groups_name', { synchronize: false })
export class ServerGroupEntity {
  @PrimaryColumn({ type: 'uuid', name: 'id', primaryKeyConstraintName: 'server_groups_pkey' })
  id!: string;

  @ForeignKey(() => WorkspaceEntity, { name: 'server_groups_workspace', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'workspace_id' })
  workspaceId!: string;

  @Column({ type: 'uuid', name: 'parent_id', nullable: true })
  parentId!: string | null;

  @Column({ type: 'text', name: 'name' })
  name!: string;

  @Column({ type: 'text', name: 'colour', nullable: true })
  colour!: string | null;

  @Column({ type: 'timestamp with time zone', name: 'created_at' })
  createdAt!: Date;
}
