import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { safeInteger } from './safe-integer.transformer.js';
import { CommandRunEntity } from './command-run.entity.js';
import { ServerEntity } from './server.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

export type CommandState =
  | 'QUEUED'
  | 'DELIVERED'
  | 'RUNNING'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'TIMED_OUT'
  | 'CANCELLED'
  | 'EXPIRED'
  | 'VETOED'
  | 'INTERRUPTED';

/** One instruction to one server, with the exact bytes that were signed and what became of them. */
@Entity({ name: 'commands' })
@Check(
  'commands_state',
  `state in ('QUEUED', 'DELIVERED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'CANCELLED', 'EXPIRED', 'VETOED', 'INTERRUPTED')`,
)
@Unique('commands_in_workspace', ['workspaceId', 'id'])
@ForeignKey(() => ServerEntity, ['workspaceId', 'serverId'], ['workspaceId', 'id'], {
  name: 'commands_server',
  onDelete: 'CASCADE',
})
@ForeignKey(() => CommandRunEntity, ['workspaceId', 'runId'], ['workspaceId', 'id'], {
  name: 'commands_run',
  onDelete: 'CASCADE',
})
@Index('commands_idempotency', ['workspaceId', 'actorId', 'idempotencyKey'], {
  unique: true,
  where: `idempotency_key is not null`,
})
@Index('commands_sequence', ['serverId', 'sequence'], { unique: true })
@Index('commands_recent', ['workspaceId', 'createdAt', 'id'])
@Index('commands_by_server', ['workspaceId', 'serverId', 'createdAt'])
@Index('commands_by_run', ['runId', 'batch'], { where: `run_id is not null` })
@Index('commands_finished', ['finishedAt'], { where: `finished_at is not null` })
@Index('commands_open', ['workspaceId', 'serverId', 'priority', 'sequence'], {
  where: `state in ('QUEUED', 'DELIVERED', 'RUNNING')`,
})
export class CommandEntity {
  @PrimaryColumn({ type: 'uuid', name: 'id', primaryKeyConstraintName: 'commands_pkey' })
  id!: string;

  @ForeignKey(() => WorkspaceEntity, { name: 'commands_workspace', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'workspace_id' })
  workspaceId!: string;

  @Column({ type: 'uuid', name: 'server_id' })
  serverId!: string;

  @Column({ type: 'uuid', name: 'run_id', nullable: true })
  runId!: string | null;

  @Column({ type: 'integer', name: 'batch', default: 0 })
  batch!: number;

  /** Waits for its batch of the run to be released. */
  @Column({ type: 'boolean', name: 'held', default: false })
  held!: boolean;

  @Column({ type: 'bigint', name: 'sequence', transformer: safeInteger })
  sequence!: number;

  @Column({ type: 'integer', name: 'priority' })
  priority!: number;

  @Column({ type: 'text', name: 'state' })
  state!: CommandState;

  @Column({ type: 'integer', name: 'revision', default: 1 })
  revision!: number;

  @Column({ type: 'jsonb', name: 'arguments' })
  arguments!: object;

  /** What it needs of its server, when it was queued and when it is sent. */
  @Column({ type: 'text', name: 'scopes', array: true })
  scopes!: string[];

  @Column({ type: 'jsonb', name: 'limits' })
  limits!: object;

  @Column({ type: 'boolean', name: 'idempotent' })
  idempotent!: boolean;

  @Column({ type: 'text', name: 'actor_kind' })
  actorKind!: string;

  @Column({ type: 'uuid', name: 'actor_id' })
  actorId!: string;

  @Column({ type: 'text', name: 'idempotency_key', nullable: true })
  idempotencyKey!: string | null;

  @Column({ type: 'uuid', name: 'rerun_of', nullable: true })
  rerunOf!: string | null;

  @Column({ type: 'text', name: 'search_text' })
  searchText!: string;

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

  @Column({ type: 'timestamp with time zone', name: 'delivered_at', nullable: true })
  deliveredAt!: Date | null;

  @Column({ type: 'timestamp with time zone', name: 'started_at', nullable: true })
  startedAt!: Date | null;

  @Column({ type: 'timestamp with time zone', name: 'finished_at', nullable: true })
  finishedAt!: Date | null;

  @Column({ type: 'timestamp with time zone', name: 'unreachable_since', nullable: true })
  unreachableSince!: Date | null;

  @Column({ type: 'timestamp with time zone', name: 'deadline_at', nullable: true })
  deadlineAt!: Date | null;

  @Column({ type: 'text', name: 'unit', nullable: true })
  unit!: string | null;

  @Column({ type: 'text', name: 'boot_id', nullable: true })
  bootId!: string | null;

  @Column({ type: 'integer', name: 'exit_code', nullable: true })
  exitCode!: number | null;

  @Column({ type: 'text', name: 'signal', nullable: true })
  signal!: string | null;

  @Column({ type: 'text', name: 'reason', nullable: true })
  reason!: string | null;

  @Column({ type: 'text', name: 'outcome', nullable: true })
  outcome!: string | null;

  @Column({ type: 'bigint', name: 'duration_ms', nullable: true, transformer: safeInteger })
  durationMs!: number | null;

  @Column({ type: 'bigint', name: 'stdout_bytes', default: 0, transformer: safeInteger })
  stdoutBytes!: number;

  @Column({ type: 'bigint', name: 'stderr_bytes', default: 0, transformer: safeInteger })
  stderrBytes!: number;

  @Column({ type: 'bigint', name: 'output_last_seq', default: 0, transformer: safeInteger })
  outputLastSeq!: number;

  /** Bytes of both streams up to the last recorded piece, also those that were dropped. */
  @Column({ type: 'bigint', name: 'output_position', default: 0, transformer: safeInteger })
  outputPosition!: number;

  /** Number of the last piece there will be, from the result; null until then. */
  @Column({ type: 'bigint', name: 'output_expected_seq', nullable: true, transformer: safeInteger })
  outputExpectedSeq!: number | null;

  @Column({ type: 'bytea', name: 'result', nullable: true })
  result!: Buffer | null;

  @Column({ type: 'bytea', name: 'result_signature', nullable: true })
  resultSignature!: Buffer | null;

  @Column({ type: 'bytea', name: 'late_result', nullable: true })
  lateResult!: Buffer | null;

  @Column({ type: 'bytea', name: 'late_result_signature', nullable: true })
  lateResultSignature!: Buffer | null;

  @Column({ type: 'timestamp with time zone', name: 'late_result_at', nullable: true })
  lateResultAt!: Date | null;

  @Column({ type: 'timestamp with time zone', name: 'cancel_requested_at', nullable: true })
  cancelRequestedAt!: Date | null;

  @Column({ type: 'uuid', name: 'cancel_requested_by', nullable: true })
  cancelRequestedBy!: string | null;
}
