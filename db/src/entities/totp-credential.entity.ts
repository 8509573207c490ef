import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { safeInteger } from './safe-integer.transformer.js';
import { UserEntity } from './user.entity.js';

/** A user's second factor; it counts once confirmed. */
@Entity({ name: 'totp_credentials' })
export class TotpCredentialEntity {
  @ForeignKey(() => UserEntity, { name: 'totp_credentials_user', onDelete: 'CASCADE' })
  @PrimaryColumn({ type: 'uuid', name: 'user_id', primaryKeyConstraintName: 'totp_credentials_pkey' })
  userId!: string;

  @Column({ type: 'bytea', name: 'sealed_secret' })
  sealedSecret!: Buffer;

  @Column({ type: 'timestamp with time zone', name: 'confirmed_at', nullable: true })
  confirmedAt!: Date | null;

  /** A step is accepted once only: later ones must be greater. */
  @Column({ type: 'bigint', name: 'last_used_step', default: 0, transformer: safeInteger })
  lastUsedStep!: number;

  @Column({ type: 'integer', name: 'failed_attempts', default: 0 })
  failedAttempts!: number;

  @Column({ type: 'timestamp with time zone', name: 'locked_until', nullable: true })
  lockedUntil!: Date | null;

  @Column({ type: 'timestamp with time zone', name: 'created_at' })
  createdAt!: Date;
}
