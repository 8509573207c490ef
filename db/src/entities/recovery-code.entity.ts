import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { UserEntity } from './user.entity.js';

/** One of the codes that stand in for a lost second factor, each once. */
@Entity({ name: 'recovery_codes' })
@Index('recovery_codes_by_user', ['userId'])
export class RecoveryCodeEntity {
  @PrimaryColumn({ type: 'uuid', name: 'id', primaryKeyConstraintName: 'recovery_codes_pkey' })
  id!: string;

  @ForeignKey(() => UserEntity, { name: 'recovery_codes_user', onDelete: 'CASCADE' })
  @Column({ type: 'uuid', name: 'user_id' })
  userId!: string;

  @Column({ type: 'bytea', name: 'code_hash' })
  codeHash!: Buffer;

  @Column({ type: 'timestamp with time zone', name: 'used_at', nullable: true })
  usedAt!: Date | null;
}
