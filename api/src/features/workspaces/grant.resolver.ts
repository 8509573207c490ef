import { Arg, Args, createUnionType, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { PageArgs, toConnection } from '../../kernel/graphql/connection.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import type { GrantService } from './grant.service.js';
import { GrantOnServerInput, ServerGrant, ServerGrantConnection } from './grant.types.js';
import { QuotaReached } from './workspace.refusals.js';

const GrantOnServerResult = createUnionType({
  name: 'GrantOnServerResult',
  description: 'The grant, or why there is none',
  types: () => [ServerGrant, QuotaReached] as const,
});

@Resolver()
export class GrantResolver {
  constructor(private readonly grantService: GrantService) {}

  @Query(() => ServerGrantConnection, { description: 'Rights of members beyond their roles, the oldest first' })
  @Allow('members.read')
  async serverGrants(@Args(() => PageArgs) page: PageArgs, @Ctx() ctx: WorkspaceContext) {
    return toConnection(await this.grantService.list(ctx, page), (grant) => grant);
  }

  @Mutation(() => GrantOnServerResult, {
    description: 'Gives a member a right on one server or tag; giving the same again changes nothing',
  })
  @Allow('members.write')
  grantOnServer(
    @Arg('input', () => GrantOnServerInput, { description: 'Who, what and where' }) input: GrantOnServerInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<ServerGrant | QuotaReached> {
    return this.grantService.grant(ctx, input);
  }

  @Mutation(() => Boolean, { description: 'Takes a grant away' })
  @Allow('members.write')
  async revokeGrant(
    @Arg('id', () => ID, { description: 'Id of the grant' }) id: string,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<boolean> {
    await this.grantService.revoke(ctx, id);
    return true;
  }
}
