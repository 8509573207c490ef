import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A tenant: everything that belongs together and is invisible to others. */
@Entity({ name: 'workspaces' })
export class WorkspaceEntity {
  @PrimaryColumn({ type: 'uuid', name: 'id', primaryKeyConstraintName: 'workspaces_pkey' })
  id!: string;

  @Column({ type: 'text', name: 'name' })
  name!: string;

  @Column({ type: 'timestamp with time zone', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamp with time zone', name: 'deleted_at', nullable: true })
  deletedAt!: Date | null;
}
