import type { Database } from '../../kernel/database/index.js';
import { atLeast } from '../../kernel/authorisation/index.js';
import { notFound } from '../../kernel/fault.js';
import { decodeTimeCursor, pageSize, timeCursor, toPage, type Page } from '../../kernel/graphql/connection.js';
import { idOfKey } from '../../kernel/idempotency-key.js';
import { knownId } from '../../kernel/ids.js';
import { emailText } from '../../kernel/input-text.js';
import { Quota, QuotaReached } from '../../kernel/quota.refusal.js';
import { hashToken, normaliseCode, randomCode } from '../../kernel/random-token.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { asPerson } from '../people/index.js';
import type { InvitationRepository, InvitationRow } from './invitation.repository.js';
import {
  Invitation,
  InvitationAlreadyMade,
  InvitationRevoked,
  MemberInvited,
  type InviteMemberInput,
} from './invitation.types.js';
import type { MemberRepository } from './member.repository.js';
import { AlreadyMember, RoleBeyondYours } from './workspace.refusals.js';
import { WorkspaceRole } from './workspace.types.js';

const INVITATION_LIMITS = { lifetimeMs: 7 * 24 * 60 * 60 * 1000, openPerWorkspace: 100 };
/** 16 characters, 78 bits: a code of this length needs no account behind it. */
const CODE_GROUPS = 4;

export interface InvitationParts {
  database: Database;
  invitations: InvitationRepository;
  members: MemberRepository;
}

/** Invitations as their makers see them. An invitation is bound to one address and its code is shown once. */
export class InvitationService {
  constructor(private readonly parts: InvitationParts) {}

  /** An open invitation to the same address ends by a new one. @throws BAD_USER_INPUT */
  async invite(
    ctx: WorkspaceContext,
    input: InviteMemberInput,
  ): Promise<MemberInvited | AlreadyMember | RoleBeyondYours | InvitationAlreadyMade | QuotaReached> {
    const { workspaceId } = ctx;
    const { id: userId } = asPerson(ctx).actor;
    const code = randomCode(CODE_GROUPS);
    const createdAt = ctx.now();
    const row = {
      id: idOfKey(input.idempotencyKey, { userId, kind: `invitation:${workspaceId}` }),
      workspaceId,
      email: emailText(input.email),
      role: input.role,
      codeHash: hashToken(normaliseCode(code)),
      invitedBy: userId,
      createdAt,
      expiresAt: new Date(createdAt.getTime() + INVITATION_LIMITS.lifetimeMs),
    };
    return this.parts.database.write(ctx, async (tx) => {
      const own = (await this.parts.members.hold(tx, workspaceId, [userId])).get(userId) ?? null;
      if (!atLeast(own, row.role) || !atLeast(own, 'ADMIN')) return new RoleBeyondYours(row.role);
      if (await this.parts.invitations.has(tx, row.id)) return new InvitationAlreadyMade(row.id);
      if (await this.parts.invitations.isMember(tx, workspaceId, row.email)) return new AlreadyMember();
      const open = await this.parts.invitations.countOpen(tx, workspaceId, createdAt);
      const limit = INVITATION_LIMITS.openPerWorkspace;
      if (open >= limit) return new QuotaReached(Quota.INVITATIONS, limit);
      await this.parts.invitations.revoke(tx, { workspaceId, email: row.email }, createdAt);
      await this.parts.invitations.insert(tx, row);
      const detail = { email: row.email, role: row.role };
      tx.audit({ action: 'member-invited', target: { kind: 'INVITATION', id: row.id }, detail });
      const { email: inviterEmail, displayName: inviterName } = await this.parts.members.person(tx, userId);
      return Object.assign(new MemberInvited(), {
        code,
        invitation: toInvitation({ ...row, inviterEmail, inviterName }),
      });
    });
  }

  /** Invitations that are open, the newest first. */
  async list(ctx: WorkspaceContext, page: { first: number; after?: string | null }): Promise<Page<Invitation>> {
    const take = pageSize(page.first);
    const after = page.after ? decodeTimeCursor(page.after) : null;
    const rows = await this.parts.database.read(ctx, (tx) =>
      this.parts.invitations.list(tx, { workspaceId: ctx.workspaceId, now: ctx.now(), take: take + 1, after }),
    );
    const cut = toPage(rows, take, (row) => timeCursor(row.createdAt, row.id));
    return { ...cut, items: cut.items.map(toInvitation) };
  }

  /** @throws NOT_FOUND when there is no open one of this id */
  revoke(ctx: WorkspaceContext, invitationId: string): Promise<InvitationRevoked> {
    const id = knownId(invitationId, 'The invitation');
    return this.parts.database.write(ctx, async (tx) => {
      const ended = await this.parts.invitations.revoke(tx, { workspaceId: ctx.workspaceId, id }, ctx.now());
      if (!ended) throw notFound('The invitation');
      tx.audit({ action: 'invitation-revoked', target: { kind: 'INVITATION', id } });
      return Object.assign(new InvitationRevoked(), { id });
    });
  }
}

function toInvitation(row: InvitationRow): Invitation {
  const { id, email, role, createdAt, expiresAt } = row;
  const invitedBy = { id: row.invitedBy, email: row.inviterEmail, displayName: row.inviterName };
  return { id, email, role: WorkspaceRole[role], invitedBy, createdAt, expiresAt };
}
