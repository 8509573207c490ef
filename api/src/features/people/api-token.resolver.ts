import { Arg, Args, createUnionType, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { PageArgs, toConnection } from '../../kernel/graphql/connection.js';
import { QuotaReached } from '../../kernel/quota.refusal.js';
import type { RequestContext, WorkspaceContext } from '../../kernel/request-context.js';
import type { ApiTokenService } from './api-token.service.js';
import {
  ApiTokenAlreadyMade,
  ApiTokenConnection,
  ApiTokenCreated,
  ApiTokenRevoked,
  CreateApiTokenInput,
  RevokeApiTokenInput,
} from './api-token.types.js';

const CreateApiTokenResult = createUnionType({
  name: 'CreateApiTokenResult',
  description: 'The new token, or why there is none',
  types: () => [ApiTokenCreated, ApiTokenAlreadyMade, QuotaReached] as const,
});

const RevokeApiTokenResult = createUnionType({
  name: 'RevokeApiTokenResult',
  description: 'The token that has ended',
  types: () => [ApiTokenRevoked] as const,
});

@Resolver()
export class ApiTokenResolver {
  constructor(private readonly apiTokenService: ApiTokenService) {}

  @Query(() => ApiTokenConnection, {
    description: "Your API tokens in this workspace that still work, the newest first; to an admin, everybody's",
  })
  @Allow('tokens.read')
  async apiTokens(@Args(() => PageArgs) page: PageArgs, @Ctx() ctx: RequestContext) {
    return toConnection(await this.apiTokenService.list(ctx, page), (token) => token);
  }

  @Mutation(() => CreateApiTokenResult, { description: 'Makes an API token for yourself in this workspace' })
  @Allow('tokens.write')
  createApiToken(
    @Arg('input', () => CreateApiTokenInput, { description: 'The new token' }) input: CreateApiTokenInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<ApiTokenCreated | ApiTokenAlreadyMade | QuotaReached> {
    return this.apiTokenService.create(ctx, input);
  }

  @Mutation(() => RevokeApiTokenResult, {
    description: "Ends an API token: your own, or as an admin anybody's in this workspace",
  })
  @Allow('tokens.write')
  revokeApiToken(
    @Arg('input', () => RevokeApiTokenInput, { description: 'Which token' }) { apiTokenId }: RevokeApiTokenInput,
    @Ctx() ctx: RequestContext,
  ): Promise<ApiTokenRevoked> {
    return this.apiTokenService.end(ctx, apiTokenId);
  }
}
