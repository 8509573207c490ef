import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A person who can sign in; what they may do is said by their memberships. */
@Entity({ name: 'users' })
@Index('users_email', { synchronize: false })
export class UserEntity {
  @PrimaryColumn({ type: 'uuid', name: 'id', primaryKeyConstraintName: 'users_pkey' })
  id!: string;

  @Column({ type: 'text', name: 'email' })
  email!: string;

  @Column({ type: 'text', name: 'display_name' })
  displayName!: string;

  @Column({ type: 'text', name: 'password_hash' })
  passwordHash!: string;

  @Column({ type: 'timestamp with time zone', name: 'password_changed_at' })
  passwordChangedAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'disabled_at', nullable: true })
  disabledAt!: Date | null;
}
