import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A setting of the whole installation, under its name. */
@Entity({ name: 'settings' })
export class SettingEntity {
  @PrimaryColumn({ type: 'text', name: 'key', primaryKeyConstraintName: 'settings_pkey' })
  key!: string;

  @Column({ type: 'jsonb', name: 'value' })
  value!: unknown;

  @Column({ type: 'timestamp with time zone', name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
