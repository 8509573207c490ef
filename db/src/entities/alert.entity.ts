import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { ServerEntity } from './server.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** What an alert is about. */
export type AlertKind = 'INTEGRITY';

/** Something on a server that a person has to look at. */
@Entity({ name: 'alerts' })
@ForeignKey(() => ServerEntity, ['workspaceId', 'serverId'], ['workspaceId', 'id'], {
  name: 'alerts_server',
  onDelete: 'CASCADE',
})
@Index('alerts_open', ['serverId', 'kind'], { unique: true, where: 'acknowledged_at is null' })
export class AlertEntity {
  @PrimaryColumn({ type: 'uuid', name: 'id', primaryKeyConstraintName: 'alerts_pkey' })
  id!: string;

  @ForeignKey(() => WorkspaceEntity, { name: 'alerts_workspace', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'workspace_id' })
  workspaceId!: string;

  @Column({ type: 'uuid', name: 'server_id' })
  serverId!: string;

  @Column({ type: 'text', name: 'kind' })
  kind!: AlertKind;

  /** A sentence for people on what raised it. */
  @Column({ type: 'text', name: 'reason' })
  reason!: string;

  /** The instruction that raised it; it may be older than what is kept of commands. */
  @Column({ type: 'uuid', name: 'command_id', nullable: true })
  commandId!: string | null;

  /** How often it has happened since it was raised. */
  @Column({ type: 'integer', name: 'count' })
  count!: number;

  @Column({ type: 'timestamp with time zone', name: 'raised_at' })
  raisedAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'acknowledged_at', nullable: true })
  acknowledgedAt!: Date | null;
}
