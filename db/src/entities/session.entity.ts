import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { UserEntity } from './user.entity.js';

export type SessionClient = 'BROWSER' | 'CLI';

/** A sign-in of a user, found by the hash of its opaque token. */
@Entity({ name: 'sessions' })
@Check('sessions_client', `client in ('BROWSER', 'CLI')`)
@Index('sessions_token_hash', ['tokenHash'], { unique: true })
@Index('sessions_by_user', ['userId'])
export class SessionEntity {
  @PrimaryColumn({ type: 'uuid', name: 'id', primaryKeyConstraintName: 'sessions_pkey' })
  id!: string;

  @ForeignKey(() => UserEntity, { name: 'sessions_user', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'user_id' })
  userId!: string;

  @Column({ type: 'bytea', name: 'token_hash' })
  tokenHash!: Buffer;

  @Column({ type: 'text', name: 'client' })
  client!: SessionClient;

  @Column({ type: 'boolean', name: 'second_factor' })
  secondFactor!: boolean;

  @Column({ type: 'timestamp with time zone', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'last_used_at' })
  lastUsedAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'expires_at' })
  expiresAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'stepped_up_at', nullable: true })
  steppedUpAt!: Date | null;

  @Column({ type: 'text', name: 'address' })
  address!: string;

  @Column({ type: 'text', name: 'user_agent' })
  userAgent!: string;

  @Column({ type: 'timestamp with time zone', name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
