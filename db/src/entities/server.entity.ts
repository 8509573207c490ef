import { Column, Entity, ForeignKey, Generated, Index, PrimaryColumn, Unique } from 'typeorm';
import { safeInteger } from './safe-integer.transformer.js';
import { ServerGroupEntity } from './server-group.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** A managed host; it exists before its agent has enrolled and, marked as deleted, after it is gone. */
@Entity({ name: 'servers' })
@Unique('servers_metric_key', ['metricKey'])
@Unique('servers_in_workspace', ['workspaceId', 'id'])
@ForeignKey(() => ServerGroupEntity, ['workspaceId', 'groupId'], ['workspaceId', 'id'], {
  name: 'servers_group',
  onDelete: 'SET NULL',
})
@Index('servers_name', { synchronize: false })
@Index('servers_by_group', ['workspaceId', 'groupId'])
export class ServerEntity {
  @PrimaryColumn({ type: 'uuid', name: 'id', primaryKeyConstraintName: 'servers_pkey' })
  id!: string;

  @ForeignKey(() => WorkspaceEntity, { name: 'servers_workspace', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'workspace_id' })
  workspaceId!: string;

  /** What samples of this server are stored under. */
  @Generated('increment')
  @Column({ type: 'integer', name: 'metric_key' })
  metricKey!: number;

  @Column({ type: 'text', name: 'name' })
  name!: string;

  @Column({ type: 'text', name: 'description', default: '' })
  description!: string;

  @Column({ type: 'uuid', name: 'group_id', nullable: true })
  groupId!: string | null;

  @Column({ type: 'text', name: 'profile' })
  profile!: string;

  @Column({ type: 'text', name: 'scopes', array: true })
  scopes!: string[];

  @Column({ type: 'boolean', name: 'protected', default: false })
  protected!: boolean;

  @Column({ type: 'boolean', name: 'maintenance', default: false })
  maintenance!: boolean;

  @Column({ type: 'integer', name: 'concurrency', default: 4 })
  concurrency!: number;

  /** In every envelope; raising it makes those signed before worthless. */
  @Column({ type: 'integer', name: 'generation', default: 1 })
  generation!: number;

  /** The number last given to a command of this server. */
  @Column({ type: 'bigint', name: 'command_sequence', default: 0, transformer: safeInteger })
  commandSequence!: number;

  @Column({ type: 'boolean', name: 'queue_held', default: false })
  queueHeld!: boolean;

  @Column({ type: 'jsonb', name: 'facts', nullable: true })
  facts!: object | null;

  @Column({ type: 'timestamp with time zone', name: 'facts_at', nullable: true })
  factsAt!: Date | null;

  @Column({ type: 'jsonb', name: 'health', nullable: true })
  health!: object | null;

  @Column({ type: 'timestamp with time zone', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'enrolled_at', nullable: true })
  enrolledAt!: Date | null;

  @Column({ type: 'timestamp with time zone', name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;

  @Column({ type: 'timestamp with time zone', name: 'deleted_at', nullable: true })
  deletedAt!: Date | null;
}
