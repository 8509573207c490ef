import { Arg, Args, createUnionType, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { PageArgs, toConnection } from '../../kernel/graphql/connection.js';
import { QuotaReached } from '../../kernel/quota.refusal.js';
import type { RequestContext, WorkspaceContext } from '../../kernel/request-context.js';
import type { InvitationService } from './invitation.service.js';
import {
  AcceptInvitationInput,
  InvitationAccepted,
  InvitationAlreadyMade,
  InvitationConnection,
  InvitationOffer,
  InvitationRefused,
  InvitationRevoked,
  InviteMemberInput,
  MemberInvited,
  RevokeInvitationInput,
  SignInToAccept,
} from './invitation.types.js';
import type { JoiningService } from './joining.service.js';
import { AlreadyMember, RoleBeyondYours } from './workspace.refusals.js';

const InviteMemberResult = createUnionType({
  name: 'InviteMemberResult',
  description: 'The invitation, or why there is none',
  types: () => [MemberInvited, AlreadyMember, RoleBeyondYours, InvitationAlreadyMade, QuotaReached] as const,
});

const RevokeInvitationResult = createUnionType({
  name: 'RevokeInvitationResult',
  description: 'The invitation that is gone',
  types: () => [InvitationRevoked] as const,
});

const AcceptInvitationResult = createUnionType({
  name: 'AcceptInvitationResult',
  description: 'The membership, or why there is none',
  types: () => [InvitationAccepted, InvitationRefused, SignInToAccept, AlreadyMember] as const,
});

@Resolver()
export class InvitationResolver {
  constructor(
    private readonly invitationService: InvitationService,
    private readonly joiningService: JoiningService,
  ) {}

  @Query(() => InvitationConnection, { description: 'Invitations to this workspace that are open, the newest first' })
  @Allow('members.read')
  async invitations(@Args(() => PageArgs) page: PageArgs, @Ctx() ctx: WorkspaceContext) {
    return toConnection(await this.invitationService.list(ctx, page), (invitation) => invitation);
  }

  @Query(() => InvitationOffer, {
    description: 'What an invitation offers. Ask by POST, so that no log keeps the code',
  })
  @Allow('session.start')
  invitationOffer(
    @Arg('code', () => String, { description: 'The code of the invitation' }) code: string,
    @Ctx() ctx: RequestContext,
  ): Promise<InvitationOffer> {
    return this.joiningService.offer(ctx, code);
  }

  @Mutation(() => InviteMemberResult, { description: 'Invites somebody to this workspace' })
  @Allow('members.write')
  inviteMember(
    @Arg('input', () => InviteMemberInput, { description: 'Whom, and as what' }) input: InviteMemberInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<MemberInvited | AlreadyMember | RoleBeyondYours | InvitationAlreadyMade | QuotaReached> {
    return this.invitationService.invite(ctx, input);
  }

  @Mutation(() => RevokeInvitationResult, { description: 'Takes an invitation back' })
  @Allow('members.write')
  revokeInvitation(
    @Arg('input', () => RevokeInvitationInput, { description: 'Which invitation' })
    { invitationId }: RevokeInvitationInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<InvitationRevoked> {
    return this.invitationService.revoke(ctx, invitationId);
  }

  @Mutation(() => AcceptInvitationResult, { description: 'Joins a workspace by an invitation' })
  @Allow('session.start')
  acceptInvitation(
    @Arg('input', () => AcceptInvitationInput, { description: 'The code, and a new account' })
    input: AcceptInvitationInput,
    @Ctx() ctx: RequestContext,
  ): Promise<InvitationAccepted | InvitationRefused | SignInToAccept | AlreadyMember> {
    return this.joiningService.accept(ctx, input);
  }
}
