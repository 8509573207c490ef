import { Arg, Args, createUnionType, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { PageArgs, toConnection } from '../../kernel/graphql/connection.js';
import type { RequestContext, WorkspaceContext } from '../../kernel/request-context.js';
import type { MemberService } from './member.service.js';
import { ChangeMemberRoleInput, Member, MemberConnection, MemberRemoved, RemoveMemberInput } from './member.types.js';
import { LastOwner, RoleBeyondYours } from './workspace.refusals.js';

const ChangeMemberRoleResult = createUnionType({
  name: 'ChangeMemberRoleResult',
  description: 'The member with the new role, or why it stays as it is',
  types: () => [Member, LastOwner, RoleBeyondYours] as const,
});

const RemoveMemberResult = createUnionType({
  name: 'RemoveMemberResult',
  description: 'Who is gone, or why they stay',
  types: () => [MemberRemoved, LastOwner, RoleBeyondYours] as const,
});

const LeaveWorkspaceResult = createUnionType({
  name: 'LeaveWorkspaceResult',
  description: 'That you are gone, or why you stay',
  types: () => [MemberRemoved, LastOwner] as const,
});

@Resolver()
export class MemberResolver {
  constructor(private readonly memberService: MemberService) {}

  @Query(() => MemberConnection, { description: 'Who belongs to this workspace' })
  @Allow('members.read')
  async members(@Args(() => PageArgs) page: PageArgs, @Ctx() ctx: WorkspaceContext) {
    return toConnection(await this.memberService.list(ctx, page), (member) => member);
  }

  @Mutation(() => ChangeMemberRoleResult, { description: 'Gives a member another role' })
  @Allow('members.write')
  changeMemberRole(
    @Arg('input', () => ChangeMemberRoleInput, { description: 'Who, and the role' }) input: ChangeMemberRoleInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<Member | LastOwner | RoleBeyondYours> {
    return this.memberService.changeRole(ctx, input);
  }

  @Mutation(() => RemoveMemberResult, {
    description: 'Takes somebody out of this workspace, with their grants and API tokens in it',
  })
  @Allow('members.write')
  removeMember(
    @Arg('input', () => RemoveMemberInput, { description: 'Who' }) input: RemoveMemberInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<MemberRemoved | LastOwner | RoleBeyondYours> {
    return this.memberService.remove(ctx, input.personId);
  }

  @Mutation(() => LeaveWorkspaceResult, { description: 'Takes yourself out of this workspace' })
  @Allow('self.write')
  leaveWorkspace(@Ctx() ctx: RequestContext): Promise<MemberRemoved | LastOwner> {
    return this.memberService.leave(ctx);
  }
}
