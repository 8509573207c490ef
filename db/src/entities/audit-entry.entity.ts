import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { safeInteger } from './safe-integer.transformer.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** What somebody did: a link of an audit chain, in the exact texts that its hash covers. Written by `audit_append` only. */
@Entity({ name: 'audit_entries' })
@Index('audit_entries_target', ['workspaceId', 'targetId', 'sequence'])
@Index('audit_entries_action', ['workspaceId', 'action', 'sequence'])
export class AuditEntryEntity {
  /** The workspace's id, or `installation` for what happens outside a workspace. */
  @PrimaryColumn({ type: 'text', name: 'chain', primaryKeyConstraintName: 'audit_entries_pkey' })
  chain!: string;

  @PrimaryColumn({
    type: 'bigint',
    name: 'sequence',
    primaryKeyConstraintName: 'audit_entries_pkey',
    transformer: safeInteger,
  })
  sequence!: number;

  @ForeignKey(() => WorkspaceEntity, { name: 'audit_entries_workspace', onDelete: 'NO ACTION' })
  @Column({ type: 'uuid', name: 'workspace_id', nullable: true })
  workspaceId!: string | null;

  @Column({ type: 'text', name: 'previous_hash' })
  previousHash!: string;

  @Column({ type: 'text', name: 'hash' })
  hash!: string;

  /** ISO 8601 in UTC with milliseconds. */
  @Column({ type: 'text', name: 'time' })
  time!: string;

  @Column({ type: 'text', name: 'actor_kind' })
  actorKind!: string;

  @Column({ type: 'text', name: 'actor_id' })
  actorId!: string;

  @Column({ type: 'text', name: 'action' })
  action!: string;

  @Column({ type: 'text', name: 'target_kind' })
  targetKind!: string;

  @Column({ type: 'text', name: 'target_id' })
  targetId!: string;

  /** JSON text. */
  @Column({ type: 'text', name: 'detail' })
  detail!: string;

  /** Digest of the instructions this entry stands for; empty when there are none. */
  @Column({ type: 'text', name: 'intent_digest' })
  intentDigest!: string;
}
