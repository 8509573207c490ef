import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { WorkspaceEntity } from './workspace.entity.js';

export type CommandRunState = 'RUNNING' | 'STOPPING' | 'FINISHED' | 'STOPPED';

/** Commands to many servers, released in batches. */
@Entity({ name: 'command_runs' })
@Check('command_runs_state', `state in ('RUNNING', 'STOPPING', 'FINISHED', 'STOPPED')`)
@Unique('command_runs_in_workspace', ['workspaceId', 'id'])
@Index('command_runs_idempotency', ['workspaceId', 'actorId', 'idempotencyKey'], { unique: true })
@Index('command_runs_recent', ['workspaceId', 'createdAt', 'id'])
@Index('command_runs_open', ['id'], { where: `state in ('RUNNING', 'STOPPING')` })
export class CommandRunEntity {
  @PrimaryColumn({ type: 'uuid', name: 'id', primaryKeyConstraintName: 'command_runs_pkey' })
  id!: string;

  @ForeignKey(() => WorkspaceEntity, { name: 'command_runs_workspace', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'workspace_id' })
  workspaceId!: string;

  @Column({ type: 'text', name: 'state' })
  state!: CommandRunState;

  @Column({ type: 'jsonb', name: 'arguments' })
  arguments!: object;

  @Column({ type: 'jsonb', name: 'target' })
  target!: object;

  @Column({ type: 'integer', name: 'server_count' })
  serverCount!: number;

  @Column({ type: 'uuid', name: 'skipped_server_ids', array: true, default: [] })
  skippedServerIds!: string[];

  @Column({ type: 'integer', name: 'batch_size' })
  batchSize!: number;

  @Column({ type: 'integer', name: 'batch_pause_ms' })
  batchPauseMs!: number;

  @Column({ type: 'integer', name: 'max_failures', nullable: true })
  maxFailures!: number | null;

  @Column({ type: 'integer', name: 'released_batch', default: 0 })
  releasedBatch!: number;

  @Column({ type: 'timestamp with time zone', name: 'next_batch_at', nullable: true })
  nextBatchAt!: Date | null;

  @Column({ type: 'text', name: 'stop_reason', nullable: true })
  stopReason!: string | null;

  @Column({ type: 'text', name: 'actor_kind' })
  actorKind!: string;

  @Column({ type: 'uuid', name: 'actor_id' })
  actorId!: string;

  @Column({ type: 'text', name: 'idempotency_key', nullable: true })
  idempotencyKey!: string | null;

  @Column({ type: 'timestamp with time zone', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'finished_at', nullable: true })
  finishedAt!: Date | null;
}
