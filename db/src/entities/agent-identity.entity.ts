import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { ServerEntity } from './server.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** Who a server's agent is, and by which key it proves that; at most one of a server is not revoked. */
@Entity({ name: 'agent_identities' })
@ForeignKey(() => ServerEntity, ['workspaceId', 'serverId'], ['workspaceId', 'id'], {
  name: 'agent_identities_server',
  onDelete: 'CASCADE',
})
@Index('agent_identities_active', ['serverId'], { unique: true, where: `revoked_at is null` })
@Check('agent_identities_next_key', `(next_public_key is null) = (next_key_until is null)`)
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

  /** Announced by the agent: the handshake that first uses it makes it the current one. */
  @Column({ type: 'text', name: 'next_public_key', nullable: true })
  nextPublicKey!: string | null;

  /** After it the announced key is void. */
  @Column({ type: 'timestamp with time zone', name: 'next_key_until', nullable: true })
  nextKeyUntil!: Date | null;

  /** When the current key took another's place; null for the key of the enrolment. */
  @Column({ type: 'timestamp with time zone', name: 'rotated_at', nullable: true })
  rotatedAt!: Date | null;

  /** Since when somebody waits for another key. */
  @Column({ type: 'timestamp with time zone', name: 'rotation_asked_at', nullable: true })
  rotationAskedAt!: Date | null;

  @Column({ type: 'timestamp with time zone', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
