import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { UserEntity } from './user.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** A token with which a user's program acts in one workspace, within its scopes. */
@Entity({ name: 'api_tokens' })
@Index('api_tokens_token_hash', ['tokenHash'], { unique: true })
@Index('api_tokens_by_workspace', ['workspaceId', 'userId'])
export class ApiTokenEntity {
  @PrimaryColumn({ type: 'uuid', name: 'id', primaryKeyConstraintName: 'api_tokens_pkey' })
  id!: string;

  @ForeignKey(() => WorkspaceEntity, { name: 'api_tokens_workspace', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'workspace_id' })
  workspaceId!: string;

  @ForeignKey(() => UserEntity, { name: 'api_tokens_user', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'user_id' })
  userId!: string;

  @Column({ type: 'text', name: 'name' })
  name!: string;

  @Column({ type: 'bytea', name: 'token_hash' })
  tokenHash!: Buffer;

  /** The end of the token, to recognise it by. */
  @Column({ type: 'text', name: 'hint' })
  hint!: string;

  @Column({ type: 'text', name: 'scopes', array: true })
  scopes!: string[];

  @Column({ type: 'timestamp with time zone', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  @Column({ type: 'timestamp with time zone', name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;

  @Column({ type: 'timestamp with time zone', name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
