import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { Fault, notFound } from '../../kernel/fault.js';
import { decodeIdCursor, pageSize, toPage, type Page } from '../../kernel/graphql/connection.js';
import { knownId } from '../../kernel/ids.js';
import { nameText } from '../../kernel/input-text.js';
import { Quota, QuotaReached } from '../../kernel/quota.refusal.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { revoke } from '../../kernel/revoke.js';
import { asPerson } from '../people/index.js';
import type { GrantRepository, GrantRow } from './grant.repository.js';
import { GrantRole, ServerGrant, ServerGrantRevoked, type GrantOnServerInput } from './grant.types.js';
import type { MemberRepository } from './member.repository.js';

const MAX_GRANTS_PER_MEMBER = 100;

export interface GrantParts {
  database: Database;
  bus: EventBus;
  members: MemberRepository;
  grants: GrantRepository;
}

/** Rights of members beyond their role, on single servers or tags. They only add, and never more than admin. */
export class GrantService {
  constructor(private readonly parts: GrantParts) {}

  async list(ctx: WorkspaceContext, page: { first: number; after?: string | null }): Promise<Page<ServerGrant>> {
    const take = pageSize(page.first);
    const after = page.after ? decodeIdCursor(page.after) : null;
    const rows = await this.parts.database.read(ctx, (tx) =>
      this.parts.grants.list(tx, { workspaceId: ctx.workspaceId, take: take + 1, after }),
    );
    const cut = toPage(rows, take, (row) => [row.id]);
    return { ...cut, items: cut.items.map((row) => toGrant(row, row)) };
  }

  /** Granting the same again changes nothing. @throws BAD_USER_INPUT, NOT_FOUND */
  grant(ctx: WorkspaceContext, input: GrantOnServerInput): Promise<ServerGrant | QuotaReached> {
    const { workspaceId } = ctx;
    const userId = knownId(input.personId, 'The member');
    const grant = { id: uuidv7(), workspaceId, userId, role: input.role, createdAt: ctx.now(), ...targetOf(input) };
    return this.parts.database.write(ctx, async (tx) => {
      // Two grants to one member come one after the other: the quota counts what is true.
      const roles = await this.parts.members.hold(tx, workspaceId, [asPerson(ctx).actor.id, userId]);
      if (!roles.has(userId)) throw notFound('The member');
      if (grant.serverId !== null && !(await this.parts.grants.hasServer(tx, workspaceId, grant.serverId))) {
        throw notFound('The server');
      }
      const { email, displayName } = await this.parts.members.person(tx, userId);
      const same = await this.parts.grants.same(tx, grant);
      if (same) return toGrant(same, { email, displayName });
      const count = await this.parts.grants.count(tx, workspaceId, userId);
      if (count >= MAX_GRANTS_PER_MEMBER) return new QuotaReached(Quota.SERVER_GRANTS, MAX_GRANTS_PER_MEMBER);
      await this.parts.grants.insert(tx, grant);
      const detail = { grantId: grant.id, role: grant.role, serverId: grant.serverId, tag: grant.tag };
      tx.changed('MEMBER', userId);
      tx.audit({ action: 'grant-added', target: { kind: 'USER', id: userId }, detail });
      await revoke(tx, this.parts.bus, [{ kind: 'MEMBERSHIP', subjectId: userId }]);
      return toGrant(grant, { email, displayName });
    });
  }

  /** @throws NOT_FOUND */
  revoke(ctx: WorkspaceContext, grantId: string): Promise<ServerGrantRevoked> {
    const id = knownId(grantId, 'The grant');
    return this.parts.database.write(ctx, async (tx) => {
      const grant = await this.parts.grants.remove(tx, ctx.workspaceId, id);
      if (!grant) throw notFound('The grant');
      const { userId, role, serverId, tag } = grant;
      tx.changed('MEMBER', userId);
      tx.audit({
        action: 'grant-revoked',
        target: { kind: 'USER', id: userId },
        detail: { grantId: id, role, serverId, tag },
      });
      await revoke(tx, this.parts.bus, [{ kind: 'MEMBERSHIP', subjectId: userId }]);
      return Object.assign(new ServerGrantRevoked(), { id });
    });
  }
}

function targetOf({ serverId, tag }: GrantOnServerInput): { serverId: string | null; tag: string | null } {
  if ((serverId == null) === (tag == null)) {
    throw new Fault('BAD_USER_INPUT', 'Give either serverId or tag, and only one of them.');
  }
  return {
    serverId: serverId == null ? null : knownId(serverId, 'The server'),
    tag: tag == null ? null : nameText(tag, 'The tag'),
  };
}

function toGrant(
  { id, userId, role, serverId, tag, createdAt }: Omit<GrantRow, 'email' | 'displayName'>,
  { email, displayName }: Pick<GrantRow, 'email' | 'displayName'>,
): ServerGrant {
  const person = { id: userId, email, displayName };
  return Object.assign(new ServerGrant(), { id, person, role: GrantRole[role], serverId, tag, createdAt });
}
