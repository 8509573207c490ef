import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { safeInteger } from './safe-integer.transformer.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** The end of an audit chain, and its beginning since retention removed what came before. */
@Entity({ name: 'audit_heads' })
export class AuditHeadEntity {
  /** The workspace's id, or `installation` for what happens outside a workspace. */
  @PrimaryColumn({ type: 'text', name: 'chain', primaryKeyConstraintName: 'audit_heads_pkey' })
  chain!: string;

  @ForeignKey(() => WorkspaceEntity, { name: 'audit_heads_workspace', onDelete: 'NO ACTION' })
  @Column({ type: 'uuid', name: 'workspace_id', nullable: true })
  workspaceId!: string | null;

  @Column({ type: 'bigint', name: 'sequence', transformer: safeInteger })
  sequence!: number;

  @Column({ type: 'text', name: 'hash' })
  hash!: string;

  /** The chain now begins after this entry. */
  @Column({ type: 'bigint', name: 'base_sequence', default: 0, transformer: safeInteger })
  baseSequence!: number;

  @Column({ type: 'text', name: 'base_hash', default: () => `repeat('0', 64)` })
  baseHash!: string;
}
