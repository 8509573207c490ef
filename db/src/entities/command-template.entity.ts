import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { WorkspaceEntity } from './workspace.entity.js';

/** A saved command, to be run again on any server. */
@Entity({ name: 'command_templates' })
@Index('command_templates_name', { synchronize: false })
export class CommandTemplateEntity {
  @PrimaryColumn({ type: 'uuid', name: 'id', primaryKeyConstraintName: 'command_templates_pkey' })
  id!: string;

  @ForeignKey(() => WorkspaceEntity, { name: 'command_templates_workspace', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'workspace_id' })
  workspaceId!: string;

  @Column({ type: 'text', name: 'name' })
  name!: string;

  @Column({ type: 'text', name: 'description', default: '' })
  description!: string;

  @Column({ type: 'jsonb', name: 'arguments' })
  arguments!: object;

  /** Name and command as they were saved, values of the environment and all. */
  @Column({ type: 'bytea', name: 'sealed_content' })
  sealedContent!: Buffer;

  @Column({ type: 'uuid', name: 'created_by' })
  createdBy!: string;

  @Column({ type: 'timestamp with time zone', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'updated_at' })
  updatedAt!: Date;
}
