import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { ServerEntity } from './server.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** The public key of a server's agent; at most one of a server is not revoked. */
@Entity({ name: 'agent_identities' })
@ForeignKey(() => ServerEntity, ['workspaceId', 'serverId'], ['workspaceId', 'id'], {
  name: 'agent_identities_server',
  onDelete: 'CASCADE',
})
@Index('agent_identities_active', ['serverId'], { unique: true, where: `revoked_at is null` })
export class AgentIdentityEntity {
  @PrimaryColumn({ type: 'uuid', name: 'id', primaryKeyConstraintName: 'agent_identities_pkey' })
  id!: string;

  @ForeignKey(() => WorkspaceEntity, { name: 'agent_identities_workspace', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'workspace_id' })
  workspaceId!: string;

  @Column({ type: 'uuid', name: 'server_id' })
  serverId!: string;

  @Column({ type: 'text', name: 'public_key' })
  publicKey!: string;

  @Column({ type: 'timestamp with time zone', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
