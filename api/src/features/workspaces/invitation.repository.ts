import { InvitationEntity } from '@pilothouse/db';
import { IsNull, MoreThan } from 'typeorm';
import type { Role } from '../../kernel/authorisation/index.js';
import type { Database, Transaction } from '../../kernel/database/index.js';

export interface InvitationRow {
  id: string;
  email: string;
  role: Role;
  createdAt: Date;
  expiresAt: Date;
  invitedBy: string;
  inviterEmail: string;
  inviterName: string;
}

/** An invitation as found by its code, before any workspace is known. */
export interface FoundInvitation {
  id: string;
  workspaceId: string;
  workspaceName: string;
  email: string;
  role: Role;
  invitedBy: string;
  invitedByName: string;
  expiresAt: Date;
  /** Whose account has the address. */
  userId: string | null;
}

export class InvitationRepository {
  constructor(private readonly database: Database) {}

  async byCode(codeHash: Buffer): Promise<FoundInvitation | undefined> {
    const [found] = await this.database.lookUp<FoundInvitation>(
      `select id, workspace_id as "workspaceId", workspace_name as "workspaceName", email, role,
              invited_by as "invitedBy", invited_by_name as "invitedByName", expires_at as "expiresAt", user_id as "userId"
         from invitation_by_code_hash($1)`,
      [codeHash],
    );
    return found;
  }

  has(tx: Transaction, id: string): Promise<boolean> {
    return tx.manager.existsBy(InvitationEntity, { id });
  }

  async insert(tx: Transaction, row: Omit<InvitationEntity, 'acceptedAt' | 'revokedAt'>): Promise<void> {
    await tx.manager.insert(InvitationEntity, row);
  }

  /** Whether the invitation is open; if so, nobody else can spend or revoke it until the transaction ends. */
  async hold(tx: Transaction, id: string, at: Date): Promise<boolean> {
    const open = { id, acceptedAt: IsNull(), revokedAt: IsNull(), expiresAt: MoreThan(at) };
    return (await tx.manager.findOne(InvitationEntity, { where: open, lock: { mode: 'pessimistic_write' } })) !== null;
  }

  async spend(tx: Transaction, id: string, acceptedAt: Date): Promise<void> {
    await tx.manager.update(InvitationEntity, { id }, { acceptedAt });
  }

  /** Ends an open invitation, by its id or by the address it is bound to. */
  async revoke(
    tx: Transaction,
    which: { workspaceId: string } & ({ id: string } | { email: string }),
    at: Date,
  ): Promise<boolean> {
    const open = { ...which, acceptedAt: IsNull(), revokedAt: IsNull() };
    const { affected } = await tx.manager.update(InvitationEntity, open, { revokedAt: at });
    return affected !== 0;
  }

  countOpen(tx: Transaction, workspaceId: string, at: Date): Promise<number> {
    const open = { workspaceId, acceptedAt: IsNull(), revokedAt: IsNull(), expiresAt: MoreThan(at) };
    return tx.manager.countBy(InvitationEntity, open);
  }

  async isMember(tx: Transaction, workspaceId: string, email: string): Promise<boolean> {
    const rows: unknown[] = await tx.manager.query(
      `select 1 from memberships m join users u on u.id = m.user_id where m.workspace_id = $1 and lower(u.email) = $2`,
      [workspaceId, email],
    );
    return rows.length > 0;
  }

  /** Open ones, the newest first. */
  list(
    tx: Transaction,
    asked: { workspaceId: string; now: Date; take: number; after: { at: Date; id: string } | null },
  ): Promise<InvitationRow[]> {
    return tx.manager.query(
      `select i.id, i.email, i.role, i.created_at as "createdAt", i.expires_at as "expiresAt",
              i.invited_by as "invitedBy", coalesce(u.email, '') as "inviterEmail",
              coalesce(u.display_name, 'A former member') as "inviterName"
         from invitations i left join users u on u.id = i.invited_by
        where i.workspace_id = $1 and i.accepted_at is null and i.revoked_at is null and i.expires_at > $2
          and ($3::timestamptz is null or (i.created_at, i.id) < ($3, $4::uuid))
        order by i.created_at desc, i.id desc limit $5`,
      [asked.workspaceId, asked.now, asked.after?.at ?? null, asked.after?.id ?? null, asked.take],
    );
  }
}
