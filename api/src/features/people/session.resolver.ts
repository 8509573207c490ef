import { Arg, Args, createUnionType, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { PageArgs, toConnection } from '../../kernel/graphql/connection.js';
import type { RequestContext } from '../../kernel/request-context.js';
import type { SessionService } from './session.service.js';
import { RevokeSessionInput, SessionConnection, SessionRevoked, SignedOut } from './session.types.js';

const SignOutResult = createUnionType({
  name: 'SignOutResult',
  description: 'That the session has ended',
  types: () => [SignedOut] as const,
});

const SignOutEverywhereResult = createUnionType({
  name: 'SignOutEverywhereResult',
  description: 'That all your sessions have ended',
  types: () => [SignedOut] as const,
});

const RevokeSessionResult = createUnionType({
  name: 'RevokeSessionResult',
  description: 'The session that has ended',
  types: () => [SessionRevoked] as const,
});

@Resolver()
export class SessionResolver {
  constructor(private readonly sessionService: SessionService) {}

  @Query(() => SessionConnection, { description: 'Your sessions that have not ended, the newest first' })
  @Allow('self.read')
  async sessions(@Args(() => PageArgs) page: PageArgs, @Ctx() ctx: RequestContext) {
    return toConnection(await this.sessionService.list(ctx, page), (session) => session);
  }

  @Mutation(() => SignOutResult, { description: 'Ends this session' })
  @Allow('self.write')
  signOut(@Ctx() ctx: RequestContext): Promise<SignedOut> {
    return this.sessionService.signOut(ctx);
  }

  @Mutation(() => RevokeSessionResult, { description: 'Ends one of your sessions' })
  @Allow('self.write')
  revokeSession(
    @Arg('input', () => RevokeSessionInput, { description: 'Which session' }) { sessionId }: RevokeSessionInput,
    @Ctx() ctx: RequestContext,
  ): Promise<SessionRevoked> {
    return this.sessionService.end(ctx, sessionId);
  }

  @Mutation(() => SignOutEverywhereResult, { description: 'Ends all your sessions, this one too' })
  @Allow('self.write')
  signOutEverywhere(@Ctx() ctx: RequestContext): Promise<SignedOut> {
    return this.sessionService.signOutEverywhere(ctx);
  }
}
