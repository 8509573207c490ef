import { Arg, Args, createUnionType, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { PageArgs, toConnection } from '../../kernel/graphql/connection.js';
import { QuotaReached } from '../../kernel/quota.refusal.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import type { GrantService } from './grant.service.js';
import {
  GrantOnServerInput,
  RevokeServerGrantInput,
  ServerGrant,
  ServerGrantConnection,
  ServerGrantRevoked,
} from './grant.types.js';

const GrantOnServerResult = createUnionType({
  name: 'GrantOnServerResult',
  description: 'The grant, or why there is none',
  types: () => [ServerGrant, QuotaReached] as const,
});

const RevokeServerGrantResult = createUnionType({
  name: 'RevokeServerGrantResult',
  description: 'The grant that is gone',
  types: () => [ServerGrantRevoked] as const,
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

  @Mutation(() => RevokeServerGrantResult, { description: 'Takes a grant away' })
  @Allow('members.write')
  revokeServerGrant(
    @Arg('input', () => RevokeServerGrantInput, { description: 'Which grant' })
    { serverGrantId }: RevokeServerGrantInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<ServerGrantRevoked> {
    return this.grantService.revoke(ctx, serverGrantId);
  }
}
