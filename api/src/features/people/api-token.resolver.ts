import { Arg, Args, createUnionType, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { PageArgs, toConnection } from '../../kernel/graphql/connection.js';
import type { RequestContext, WorkspaceContext } from '../../kernel/request-context.js';
import type { ApiTokenService } from './api-token.service.js';
import {
  ApiTokenAlreadyMade,
  ApiTokenConnection,
  ApiTokenCreated,
  ApiTokenQuotaReached,
  CreateApiTokenInput,
} from './api-token.types.js';

const CreateApiTokenResult = createUnionType({
  name: 'CreateApiTokenResult',
  description: 'The new token, or why there is none',
  types: () => [ApiTokenCreated, ApiTokenAlreadyMade, ApiTokenQuotaReached] as const,
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
  ): Promise<ApiTokenCreated | ApiTokenAlreadyMade | ApiTokenQuotaReached> {
    return this.apiTokenService.create(ctx, input);
  }

  @Mutation(() => Boolean, { description: "Ends an API token: your own, or as an admin anybody's in this workspace" })
  @Allow('tokens.write')
  async revokeApiToken(
    @Arg('id', () => ID, { description: 'Id of the token' }) id: string,
    @Ctx() ctx: RequestContext,
  ): Promise<boolean> {
    await this.apiTokenService.end(ctx, id);
    return true;
  }
}
