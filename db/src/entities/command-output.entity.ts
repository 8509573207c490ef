import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { safeInteger } from './safe-integer.transformer.js';
import { CommandEntity } from './command.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

export type OutputStream = 'STDOUT' | 'STDERR';

/** A numbered piece of what a command wrote. Pieces that were not kept show as a jump of `seq` and `position`. */
@Entity({ name: 'command_output' })
@Check('command_output_stream', `stream in ('STDOUT', 'STDERR')`)
@ForeignKey(() => CommandEntity, ['workspaceId', 'commandId'], ['workspaceId', 'id'], {
  name: 'command_output_command',
  onDelete: 'CASCADE',
})
@Index('command_output_position', ['commandId', 'position'])
export class CommandOutputEntity {
  @ForeignKey(() => WorkspaceEntity, { name: 'command_output_workspace', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'workspace_id' })
  workspaceId!: string;

  @PrimaryColumn({ type: 'uuid', name: 'command_id', primaryKeyConstraintName: 'command_output_pkey' })
  commandId!: string;

  @PrimaryColumn({
    type: 'bigint',
    name: 'seq',
    primaryKeyConstraintName: 'command_output_pkey',
    transformer: safeInteger,
  })
  seq!: number;

  @Column({ type: 'text', name: 'stream' })
  stream!: OutputStream;

  /** Bytes of both streams before this piece. */
  @Column({ type: 'bigint', name: 'position', transformer: safeInteger })
  position!: number;

  @Column({ type: 'bytea', name: 'data' })
  data!: Buffer;

  @Column({ type: 'timestamp with time zone', name: 'recorded_at' })
  recordedAt!: Date;
}
