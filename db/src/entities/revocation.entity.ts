import { Check, Column, Entity, Generated, PrimaryColumn } from 'typeorm';
import { safeInteger } from './safe-integer.transformer.js';

export type RevocationKind = 'USER' | 'SESSION' | 'API_TOKEN' | 'SERVER' | 'AGENT_KEY' | 'MEMBERSHIP';

/** Something whose rights ended; every replica polls for numbers it has not seen and closes what depended on them. */
@Entity({ name: 'revocations' })
@Check('revocations_kind', `kind in ('USER', 'SESSION', 'API_TOKEN', 'SERVER', 'AGENT_KEY', 'MEMBERSHIP')`)
export class RevocationEntity {
  @Generated('increment')
  @PrimaryColumn({
    type: 'bigint',
    name: 'seq',
    primaryKeyConstraintName: 'revocations_pkey',
    transformer: safeInteger,
  })
  seq!: number;

  @Column({ type: 'text', name: 'kind' })
  kind!: RevocationKind;

  @Column({ type: 'uuid', name: 'subject_id' })
  subjectId!: string;

  @Column({ type: 'timestamp with time zone', name: 'at', default: () => 'now()' })
  at!: Date;
}
