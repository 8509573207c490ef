import { Args, Ctx, Resolver, Root, Subscription } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import type { Change } from '../../kernel/streams/follow-changes.js';
import { ServerChangedArgs } from './server.inputs.js';
import { toServerNode } from './server.node.js';
import type { ServerRecord } from './server.record.js';
import { ServerChange } from './server.types.js';
import type { ServerChangeFeed } from './server-change.feed.js';

/** Made for one feed, because type-graphql calls `subscribe` without the resolver it belongs to. */
export function createServerChangeResolver(feed: ServerChangeFeed): object {
  @Resolver()
  class ServerChangeResolver {
    @Subscription(() => ServerChange, {
      description: 'Servers that were added, changed or deleted, or whose state changed; resume by `afterSeq`',
      subscribe: ({ args, context }) => feed.follow(context as WorkspaceContext, args as ServerChangedArgs),
    })
    @Allow('servers.read')
    serverChanged(
      @Root() { seq, thing }: Change<ServerRecord>,
      @Args(() => ServerChangedArgs) _args: ServerChangedArgs,
      @Ctx() ctx: WorkspaceContext,
    ): ServerChange {
      const server = thing.deletedAt === null ? toServerNode(thing, ctx.now()) : null;
      return { seq, serverId: thing.id, server };
    }
  }
  return new ServerChangeResolver();
}
