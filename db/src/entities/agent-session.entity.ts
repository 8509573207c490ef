import { Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { ServerEntity } from './server.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

/**
 * Who may write for a server now: the epoch (generation, counter) of its latest connection, and that connection's state.
 *
 * A row for each server that has ever connected; agent writes lock it `for key share`, a newer connection `for update`.
 * The epoch is a key, so that every change of it waits for those writes, and a note of frames received does not.
 */
@Entity({ name: 'agent_sessions' })
@ForeignKey(() => ServerEntity, ['workspaceId', 'serverId'], ['workspaceId', 'id'], {
  name: 'agent_sessions_server',
  onDelete: 'CASCADE',
})
@Unique('agent_sessions_epoch', ['serverId', 'generation', 'counter'])
@Index('agent_sessions_connected', ['lastFrameAt'], { where: `disconnected_at is null` })
export class AgentSessionEntity {
  @PrimaryColumn({ type: 'uuid', name: 'server_id', primaryKeyConstraintName: 'agent_sessions_pkey' })
  serverId!: string;

  @ForeignKey(() => WorkspaceEntity, { name: 'agent_sessions_workspace', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'workspace_id' })
  workspaceId!: string;

  @Column({ type: 'integer', name: 'generation' })
  generation!: number;

  @Column({ type: 'integer', name: 'counter' })
  counter!: number;

  @Column({ type: 'uuid', name: 'instance_id', nullable: true })
  instanceId!: string | null;

  @Column({ type: 'uuid', name: 'replica_id', nullable: true })
  replicaId!: string | null;

  @Column({ type: 'text', name: 'boot_id', nullable: true })
  bootId!: string | null;

  @Column({ type: 'text', name: 'agent_version', nullable: true })
  agentVersion!: string | null;

  @Column({ type: 'integer', name: 'protocol_version', nullable: true })
  protocolVersion!: number | null;

  @Column({ type: 'text', name: 'address', nullable: true })
  address!: string | null;

  @Column({ type: 'timestamp with time zone', name: 'connected_at', nullable: true })
  connectedAt!: Date | null;

  @Column({ type: 'timestamp with time zone', name: 'last_frame_at', nullable: true })
  lastFrameAt!: Date | null;

  @Column({ type: 'timestamp with time zone', name: 'disconnected_at', nullable: true })
  disconnectedAt!: Date | null;

  @Column({ type: 'text', name: 'disconnect_reason', nullable: true })
  disconnectReason!: string | null;

  @Column({ type: 'real', name: 'latency_ms', nullable: true })
  latencyMs!: number | null;

  /** The instance that was displaced last: when it comes back while another lives, the identity was cloned. */
  @Column({ type: 'uuid', name: 'displaced_instance_id', nullable: true })
  displacedInstanceId!: string | null;
}
