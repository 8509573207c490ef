import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** The installation itself: always exactly one row. */
@Entity({ name: 'installation' })
@Check('installation_single', `id`)
export class InstallationEntity {
  @PrimaryColumn({ type: 'boolean', name: 'id', default: true, primaryKeyConstraintName: 'installation_pkey' })
  id!: boolean;

  @Column({ type: 'jsonb', name: 'setup_code_hashes', default: {} })
  setupCodeHashes!: Record<string, string>;

  @Column({ type: 'timestamp with time zone', name: 'setup_completed_at', nullable: true })
  setupCompletedAt!: Date | null;

  @Column({ type: 'timestamp with time zone', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
