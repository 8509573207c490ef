import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { safeInteger } from './safe-integer.transformer.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** Something changed: subscriptions read these, in commit order, after the number they last saw. Written by `event_append` only. */
@Entity({ name: 'workspace_events' })
export class WorkspaceEventEntity {
  @ForeignKey(() => WorkspaceEntity, { name: 'workspace_events_workspace', onDelete: 'CASCADE' })
  @PrimaryColumn({ type: 'uuid', name: 'workspace_id', primaryKeyConstraintName: 'workspace_events_pkey' })
  workspaceId!: string;

  @PrimaryColumn({
    type: 'bigint',
    name: 'seq',
    primaryKeyConstraintName: 'workspace_events_pkey',
    transformer: safeInteger,
  })
  seq!: number;

  @Column({ type: 'text', name: 'kind' })
  kind!: string;

  @Column({ type: 'uuid', name: 'subject_id' })
  subjectId!: string;

  @Column({ type: 'timestamp with time zone', name: 'at' })
  at!: Date;
}
