import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { ServerEntity } from './server.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** A single-use right to become the agent of one server, found by the hash of the token. */
@Entity({ name: 'enrolment_tokens' })
@ForeignKey(() => ServerEntity, ['workspaceId', 'serverId'], ['workspaceId', 'id'], {
  name: 'enrolment_tokens_server',
  onDelete: 'CASCADE',
})
@Index('enrolment_tokens_hash', ['tokenHash'], { unique: true })
@Index('enrolment_tokens_by_server', ['serverId'])
export class EnrolmentTokenEntity {
  @PrimaryColumn({ type: 'uuid', name: 'id', primaryKeyConstraintName: 'enrolment_tokens_pkey' })
  id!: string;

  @ForeignKey(() => WorkspaceEntity, { name: 'enrolment_tokens_workspace', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'workspace_id' })
  workspaceId!: string;

  @Column({ type: 'uuid', name: 'server_id' })
  serverId!: string;

  @Column({ type: 'bytea', name: 'token_hash' })
  tokenHash!: Buffer;

  /** The most that its server allows once the token is used. */
  @Column({ type: 'text', name: 'scopes', array: true })
  scopes!: string[];

  @Column({ type: 'uuid', name: 'created_by', nullable: true })
  createdBy!: string | null;

  @Column({ type: 'timestamp with time zone', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'expires_at' })
  expiresAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'used_at', nullable: true })
  usedAt!: Date | null;

  @Column({ type: 'timestamp with time zone', name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
