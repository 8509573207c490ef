import { atLeast } from '../../kernel/authorisation/index.js';
import type { Database, Transaction, WriteTransaction } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { Fault, notFound } from '../../kernel/fault.js';
import { hashToken, normaliseCode } from '../../kernel/random-token.js';
import type { RateLimits } from '../../kernel/rate-limits.js';
import { makeContext, type RequestContext } from '../../kernel/request-context.js';
import { revoke } from '../../kernel/revoke.js';
import type { NewAccountService, SignedIn } from '../people/index.js';
import type { FoundInvitation, InvitationRepository } from './invitation.repository.js';
import {
  InvitationAccepted,
  InvitationRefused,
  SignInToAccept,
  type AcceptInvitationInput,
  type InvitationOffer,
} from './invitation.types.js';
import type { MemberRepository } from './member.repository.js';
import { AlreadyMember } from './workspace.refusals.js';
import type { WorkspaceRepository } from './workspace.repository.js';
import { WorkspaceRole } from './workspace.types.js';

export interface JoiningParts {
  database: Database;
  bus: EventBus;
  rateLimits: RateLimits;
  invitations: InvitationRepository;
  members: MemberRepository;
  workspaces: WorkspaceRepository;
  newAccounts: NewAccountService;
}

type Joining = InvitationAccepted | InvitationRefused | AlreadyMember;

/** Invitations as the invited see them: what is offered, and joining, once. */
export class JoiningService {
  constructor(private readonly parts: JoiningParts) {}

  /** @throws NOT_FOUND, RATE_LIMITED */
  async offer(ctx: RequestContext, code: string): Promise<InvitationOffer> {
    const found = await this.find(ctx, code);
    if (!found) throw notFound('The invitation');
    return {
      workspaceName: found.workspaceName,
      inviterName: found.invitedByName,
      email: found.email,
      role: WorkspaceRole[found.role],
      hasAccount: found.userId !== null,
      expiresAt: found.expiresAt,
    };
  }

  /**
   * Joins as the account that has the invited address; makes that account where there is none.
   *
   * @throws BAD_USER_INPUT, RATE_LIMITED, UNAVAILABLE
   */
  async accept(ctx: RequestContext, input: AcceptInvitationInput): Promise<Joining | SignInToAccept> {
    const found = await this.find(ctx, input.code);
    if (!found) return new InvitationRefused();
    if (found.userId === null) return this.joinAsNew(ctx, found, input);
    if (ctx.actor.kind !== 'USER' || ctx.actor.id !== found.userId) return new SignInToAccept();
    return this.joinAs(ctx, found, found.userId);
  }

  private async find(ctx: RequestContext, code: string): Promise<FoundInvitation | undefined> {
    await this.parts.rateLimits.use('signInAddress', ctx.address);
    const found = await this.parts.invitations.byCode(hashToken(normaliseCode(code)));
    return found && found.expiresAt > ctx.now() ? found : undefined;
  }

  private joinAs(ctx: RequestContext, found: FoundInvitation, userId: string): Promise<Joining> {
    const { workspaceId } = found;
    const inside = makeContext({ ...ctx, workspaceId, role: null, grants: [], credential: null });
    return this.parts.database.write(inside, async (tx) => {
      if (!(await this.isStillOffered(inside, tx, found))) return new InvitationRefused();
      return this.join(inside, tx, { found, userId });
    });
  }

  private async joinAsNew(
    ctx: RequestContext,
    found: FoundInvitation,
    input: AcceptInvitationInput,
  ): Promise<Joining | SignInToAccept> {
    const { displayName, password, client } = input;
    if (displayName == null || password == null) {
      throw new Fault('BAD_USER_INPUT', 'The address has no account yet: give a name and a password for it.');
    }
    const account = await this.parts.newAccounts.prepare(ctx, { email: found.email, displayName, password, client });
    const person = this.parts.newAccounts.contextOf(ctx, account, found.workspaceId);
    let handOver: (() => SignedIn) | undefined;
    const joined = await this.parts.database.write(person, async (tx) => {
      if (!(await this.isStillOffered(person, tx, found))) return new InvitationRefused();
      handOver = await this.parts.newAccounts.open(person, tx, account);
      return handOver ? this.join(person, tx, { found, userId: account.userId }) : new SignInToAccept();
    });
    if (joined instanceof InvitationAccepted && handOver) joined.signedIn = handOver();
    return joined;
  }

  /** Open, held until the transaction ends, and its maker could make it today. */
  private async isStillOffered(ctx: RequestContext, tx: Transaction, found: FoundInvitation): Promise<boolean> {
    const isOpen = await this.parts.invitations.hold(tx, found.id, ctx.now());
    const maker =
      (await this.parts.members.hold(tx, found.workspaceId, [found.invitedBy])).get(found.invitedBy) ?? null;
    return isOpen && atLeast(maker, 'ADMIN') && atLeast(maker, found.role);
  }

  private async join(
    ctx: RequestContext,
    tx: WriteTransaction,
    { found, userId }: { found: FoundInvitation; userId: string },
  ): Promise<InvitationAccepted | AlreadyMember> {
    const { id, workspaceId, role, email } = found;
    await this.parts.invitations.spend(tx, id, ctx.now());
    const detail = { userId, email, role, invitedBy: found.invitedBy };
    tx.audit({ action: 'invitation-accepted', target: { kind: 'INVITATION', id }, detail });
    if (!(await this.parts.members.add(tx, { workspaceId, userId, role, createdAt: ctx.now() })))
      return new AlreadyMember();
    tx.changed('MEMBER', userId);
    await revoke(tx, this.parts.bus, [{ kind: 'MEMBERSHIP', subjectId: userId }]);
    const workspace = await this.parts.workspaces.current(tx, workspaceId);
    if (!workspace) throw notFound('The workspace');
    return Object.assign(new InvitationAccepted(), { workspace, signedIn: null });
  }
}
