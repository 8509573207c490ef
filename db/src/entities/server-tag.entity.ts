import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { ServerEntity } from './server.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** A tag of a server, set by a person or, if automatic, by what its agent found. */
@Entity({ name: 'server_tags' })
@ForeignKey(() => ServerEntity, ['workspaceId', 'serverId'], ['workspaceId', 'id'], {
  name: 'server_tags_server',
  onDelete: 'CASCADE',
})
@Index('server_tags_by_tag', ['workspaceId', 'tag'])
export class ServerTagEntity {
  @ForeignKey(() => WorkspaceEntity, { name: 'server_tags_workspace', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'workspace_id' })
  workspaceId!: string;

  @PrimaryColumn({ type: 'uuid', name: 'server_id', primaryKeyConstraintName: 'server_tags_pkey' })
  serverId!: string;

  @PrimaryColumn({ type: 'text', name: 'tag', primaryKeyConstraintName: 'server_tags_pkey' })
  tag!: string;

  @Column({ type: 'boolean', name: 'automatic' })
  automatic!: boolean;
}
