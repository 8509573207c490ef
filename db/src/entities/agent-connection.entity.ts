import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { ServerEntity } from './server.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** A past or present connection of an agent, for the history of a server. */
@Entity({ name: 'agent_connections' })
@ForeignKey(() => ServerEntity, ['workspaceId', 'serverId'], ['workspaceId', 'id'], {
  name: 'agent_connections_server',
  onDelete: 'CASCADE',
})
@Index('agent_connections_by_server', ['serverId', 'connectedAt'])
export class AgentConnectionEntity {
  @PrimaryColumn({ type: 'uuid', name: 'id', primaryKeyConstraintName: 'agent_connections_pkey' })
  id!: string;

  @ForeignKey(() => WorkspaceEntity, { name: 'agent_connections_workspace', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'workspace_id' })
  workspaceId!: string;

  @Column({ type: 'uuid', name: 'server_id' })
  serverId!: string;

  @Column({ type: 'integer', name: 'generation' })
  generation!: number;

  @Column({ type: 'integer', name: 'counter' })
  counter!: number;

  @Column({ type: 'text', name: 'address' })
  address!: string;

  @Column({ type: 'text', name: 'agent_version' })
  agentVersion!: string;

  @Column({ type: 'timestamp with time zone', name: 'connected_at' })
  connectedAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'disconnected_at', nullable: true })
  disconnectedAt!: Date | null;

  @Column({ type: 'text', name: 'disconnect_reason', nullable: true })
  disconnectReason!: string | null;
}
