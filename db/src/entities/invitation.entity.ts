import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { MembershipRole } from './membership.entity.js';
import { UserEntity } from './user.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** An offer to join a workspace with a role, bound to an e-mail address; found by the hash of its code, used once. */
@Entity({ name: 'invitations' })
@Check('invitations_role', `role in ('VIEWER', 'DEPLOYER', 'OPERATOR', 'ADMIN', 'OWNER')`)
@Index('invitations_code_hash', ['codeHash'], { unique: true })
@Index('invitations_by_workspace', { synchronize: false })
export class InvitationEntity {
  @PrimaryColumn({ type: 'uuid', name: 'id', primaryKeyConstraintName: 'invitations_pkey' })
  id!: string;

  @ForeignKey(() => WorkspaceEntity, { name: 'invitations_workspace', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'workspace_id' })
  workspaceId!: string;

  @Column({ type: 'text', name: 'email' })
  email!: string;

  @Column({ type: 'text', name: 'role' })
  role!: MembershipRole;

  @Column({ type: 'bytea', name: 'code_hash' })
  codeHash!: Buffer;

  @ForeignKey(() => UserEntity, { name: 'invitations_inviter', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'invited_by' })
  invitedBy!: string;

  @Column({ type: 'timestamp with time zone', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'expires_at' })
  expiresAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'accepted_at', nullable: true })
  acceptedAt!: Date | null;

  @Column({ type: 'timestamp with time zone', name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
