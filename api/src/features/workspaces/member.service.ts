import { atLeast, type Role } from '../../kernel/authorisation/index.js';
import type { AuditAction, Database, WriteTransaction } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { notFound } from '../../kernel/fault.js';
import { decodeIdCursor, pageSize, toPage, type Page } from '../../kernel/graphql/connection.js';
import { knownId } from '../../kernel/ids.js';
import { userIdOf, type RequestContext, type WorkspaceContext } from '../../kernel/request-context.js';
import { revoke } from '../../kernel/revoke.js';
import { ApiTokenScope, asPerson } from '../people/index.js';
import { CallerKind, type Caller } from './caller.types.js';
import type { MemberRepository } from './member.repository.js';
import { MemberRemoved, toMember, type Member } from './member.types.js';
import { LastOwner, RoleBeyondYours } from './workspace.refusals.js';
import type { WorkspaceRepository } from './workspace.repository.js';

export interface MemberParts {
  database: Database;
  bus: EventBus;
  members: MemberRepository;
  workspaces: WorkspaceRepository;
}

/** Who belongs to the workspace, and as what. Nobody gives or takes a role stronger than their own. */
export class MemberService {
  constructor(private readonly parts: MemberParts) {}

  async list(ctx: WorkspaceContext, page: { first: number; after?: string | null }): Promise<Page<Member>> {
    const take = pageSize(page.first);
    const after = page.after ? decodeIdCursor(page.after) : null;
    const rows = await this.parts.database.read(ctx, (tx) =>
      this.parts.members.list(tx, { workspaceId: ctx.workspaceId, take: take + 1, after }),
    );
    const cut = toPage(rows, take, (row) => [row.userId]);
    return { ...cut, items: cut.items.map(toMember) };
  }

  /** Who makes the request. @throws NOT_FOUND */
  caller(ctx: WorkspaceContext): Promise<Caller> {
    const { actor, workspaceId } = ctx;
    const userId = userIdOf(actor);
    if (userId === null) throw notFound('The caller');
    return this.parts.database.read(ctx, async (tx) => {
      const { person, role } = toMember(await this.parts.members.one(tx, workspaceId, userId));
      const workspace = await this.parts.workspaces.current(tx, workspaceId);
      if (!workspace) throw notFound('The workspace');
      const byToken = actor.kind === 'API_TOKEN';
      const scopes = byToken ? actor.scopes.map((scope) => ApiTokenScope[scope]) : null;
      return { kind: byToken ? CallerKind.API_TOKEN : CallerKind.USER, person, role, workspace, scopes };
    });
  }

  /** @throws NOT_FOUND */
  changeRole(
    ctx: WorkspaceContext,
    input: { personId: string; role: Role },
  ): Promise<Member | LastOwner | RoleBeyondYours> {
    const userId = knownId(input.personId, 'The member');
    const { role } = input;
    return this.parts.database.write(ctx, async (tx) => {
      const roles = await this.parts.members.hold(tx, ctx.workspaceId, [asPerson(ctx).actor.id, userId]);
      const before = roles.get(userId);
      if (before === undefined) throw notFound('The member');
      const refusal = judge(ctx, roles, { userId, after: role });
      if (refusal) return refusal;
      await this.parts.members.setRole(tx, ctx.workspaceId, { userId, role });
      tx.changed('MEMBER', userId);
      tx.audit({
        action: 'member-role-changed',
        target: { kind: 'USER', id: userId },
        detail: { before, after: role },
      });
      await revoke(tx, this.parts.bus, [{ kind: 'MEMBERSHIP', subjectId: userId }]);
      return toMember(await this.parts.members.one(tx, ctx.workspaceId, userId));
    });
  }

  /** Takes somebody's membership, grants and API tokens of this workspace away. @throws NOT_FOUND */
  remove(ctx: WorkspaceContext, memberId: string): Promise<MemberRemoved | LastOwner | RoleBeyondYours> {
    const userId = knownId(memberId, 'The member');
    return this.parts.database.write(ctx, async (tx) => {
      const roles = await this.parts.members.hold(tx, ctx.workspaceId, [asPerson(ctx).actor.id, userId]);
      const before = roles.get(userId);
      if (before === undefined) throw notFound('The member');
      const refusal = judge(ctx, roles, { userId, after: null });
      return refusal ?? this.takeOut(ctx, tx, { userId, action: 'member-removed' });
    });
  }

  /** Leaves the workspace that the request is about. @throws NOT_FOUND when it is about none */
  async leave(request: RequestContext): Promise<MemberRemoved | LastOwner> {
    if (request.workspaceId === null) throw notFound('The workspace');
    const ctx = request as WorkspaceContext;
    const userId = asPerson(ctx).actor.id;
    return this.parts.database.write(ctx, async (tx) => {
      const roles = await this.parts.members.hold(tx, ctx.workspaceId, [userId]);
      if (!roles.has(userId)) throw notFound('The member');
      if (isLastOwner(roles, userId)) return new LastOwner();
      return this.takeOut(ctx, tx, { userId, action: 'member-left' });
    });
  }

  private async takeOut(
    ctx: WorkspaceContext,
    tx: WriteTransaction,
    { userId, action }: { userId: string; action: AuditAction },
  ): Promise<MemberRemoved> {
    const { id, email, displayName } = await this.parts.members.person(tx, userId);
    const tokens = await this.parts.members.remove(tx, ctx.workspaceId, { userId, at: ctx.now() });
    tx.changed('MEMBER', userId);
    tx.audit({ action, target: { kind: 'USER', id: userId }, detail: { email, apiTokensEnded: tokens.length } });
    await revoke(tx, this.parts.bus, [
      { kind: 'MEMBERSHIP', subjectId: userId },
      ...tokens.map((subjectId) => ({ kind: 'API_TOKEN' as const, subjectId })),
    ]);
    return Object.assign(new MemberRemoved(), { person: { id, email, displayName } });
  }
}

/** Whether the caller, as what they are now, may make somebody what they are to become (null: no member). */
function judge(
  ctx: WorkspaceContext,
  roles: ReadonlyMap<string, Role>,
  { userId, after }: { userId: string; after: Role | null },
): LastOwner | RoleBeyondYours | undefined {
  const own = roles.get(asPerson(ctx).actor.id) ?? null;
  for (const role of [roles.get(userId), after]) if (role && !atLeast(own, role)) return new RoleBeyondYours(role);
  if (!atLeast(own, 'ADMIN')) return new RoleBeyondYours('ADMIN');
  return after !== 'OWNER' && isLastOwner(roles, userId) ? new LastOwner() : undefined;
}

function isLastOwner(roles: ReadonlyMap<string, Role>, userId: string): boolean {
  return (
    [...roles].filter(([, role]) => role === 'OWNER').every(([owner]) => owner === userId) &&
    roles.get(userId) === 'OWNER'
  );
}
