import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { CommandEntity } from './command.entity.js';
import { ServerEntity } from './server.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** A signed envelope on its way to an agent that is not itself a command, such as a cancel. */
@Entity({ name: 'instructions' })
@ForeignKey(() => ServerEntity, ['workspaceId', 'serverId'], ['workspaceId', 'id'], {
  name: 'instructions_server',
  onDelete: 'CASCADE',
})
@ForeignKey(() => CommandEntity, ['workspaceId', 'commandId'], ['workspaceId', 'id'], {
  name: 'instructions_command',
  onDelete: 'CASCADE',
})
@Index('instructions_open', ['serverId'], { where: `received_at is null` })
@Index('instructions_by_command', ['commandId'])
export class InstructionEntity {
  @PrimaryColumn({ type: 'uuid', name: 'id', primaryKeyConstraintName: 'instructions_pkey' })
  id!: string;

  @ForeignKey(() => WorkspaceEntity, { name: 'instructions_workspace', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'workspace_id' })
  workspaceId!: string;

  @Column({ type: 'uuid', name: 'server_id' })
  serverId!: string;

  @Column({ type: 'text', name: 'kind' })
  kind!: string;

  @Column({ type: 'uuid', name: 'command_id', nullable: true })
  commandId!: string | null;

  @Column({ type: 'bytea', name: 'envelope', default: () => `'\\x'` })
  envelope!: Buffer;

  /** Whether the envelope is stored sealed. Its digest is always that of the bytes that were signed. */
  @Column({ type: 'boolean', name: 'envelope_sealed', default: false })
  envelopeSealed!: boolean;

  @Column({ type: 'text', name: 'envelope_digest', default: '' })
  envelopeDigest!: string;

  @Column({ type: 'text', name: 'envelope_key_id', default: '' })
  envelopeKeyId!: string;

  @Column({ type: 'bytea', name: 'envelope_signature', default: () => `'\\x'` })
  envelopeSignature!: Buffer;

  @Column({ type: 'timestamp with time zone', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'expires_at' })
  expiresAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'sent_at', nullable: true })
  sentAt!: Date | null;

  /** Counter of the connection it was last sent on. */
  @Column({ type: 'integer', name: 'sent_counter', nullable: true })
  sentCounter!: number | null;

  @Column({ type: 'timestamp with time zone', name: 'received_at', nullable: true })
  receivedAt!: Date | null;
}
