import { Arg, Args, Ctx, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { PageArgs, toConnection } from '../../kernel/graphql/connection.js';
import type { RequestContext } from '../../kernel/request-context.js';
import type { SessionService } from './session.service.js';
import { SessionConnection } from './session.types.js';

@Resolver()
export class SessionResolver {
  constructor(private readonly sessionService: SessionService) {}

  @Query(() => SessionConnection, { description: 'Your sessions that have not ended, the newest first' })
  @Allow('self.read')
  async sessions(@Args(() => PageArgs) page: PageArgs, @Ctx() ctx: RequestContext) {
    return toConnection(await this.sessionService.list(ctx, page), (session) => session);
  }

  @Mutation(() => Boolean, { description: 'Ends this session' })
  @Allow('self.write')
  async signOut(@Ctx() ctx: RequestContext): Promise<boolean> {
    await this.sessionService.signOut(ctx);
    return true;
  }

  @Mutation(() => Boolean, { description: 'Ends one of your sessions' })
  @Allow('self.write')
  async revokeSession(
    @Arg('id', () => ID, { description: 'Id of the session' }) id: string,
    @Ctx() ctx: RequestContext,
  ): Promise<boolean> {
    await this.sessionService.end(ctx, id);
    return true;
  }

  @Mutation(() => Int, { description: 'Ends all your sessions, this one too; returns how many there were' })
  @Allow('self.write')
  signOutEverywhere(@Ctx() ctx: RequestContext): Promise<number> {
    return this.sessionService.signOutEverywhere(ctx);
  }
}
