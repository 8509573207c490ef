import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A version of the root-signed list of public keys that agents trust, exactly as it was signed. */
@Entity({ name: 'keysets' })
export class KeysetEntity {
  @PrimaryColumn({ type: 'integer', name: 'version', primaryKeyConstraintName: 'keysets_pkey' })
  version!: number;

  @Column({ type: 'jsonb', name: 'signed' })
  signed!: object;

  @Column({ type: 'timestamp with time zone', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
