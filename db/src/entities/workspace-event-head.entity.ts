import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { safeInteger } from './safe-integer.transformer.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** The number of the latest event of a workspace. */
@Entity({ name: 'workspace_event_heads' })
export class WorkspaceEventHeadEntity {
  @ForeignKey(() => WorkspaceEntity, { name: 'workspace_event_heads_workspace', onDelete: 'CASCADE' })
  @PrimaryColumn({ type: 'uuid', name: 'workspace_id', primaryKeyConstraintName: 'workspace_event_heads_pkey' })
  workspaceId!: string;

  @Column({ type: 'bigint', name: 'seq', transformer: safeInteger })
  seq!: number;
}
