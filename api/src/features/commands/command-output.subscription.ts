import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { AfterSeq, checkedSeq } from '../../kernel/streams/after-seq.js';
import type { CommandOutputFeed, StreamedOutput } from './command-output.feed.js';
import { CommandOutput } from './command.types.js';

/** Made for one feed, because type-graphql calls `subscribe` without the resolver that it belongs to. */
export function commandOutputSubscription(feed: CommandOutputFeed): object {
  @Resolver()
  class CommandOutputSubscription {
    @Subscription(() => CommandOutput, {
      description: 'A command’s output: what is kept of it, then live, without gap or duplicate; ends with the output',
      subscribe: ({ args, context }) =>
        feed.follow(context as WorkspaceContext, {
          commandId: args.commandId as string,
          afterSeq: checkedSeq(args.afterSeq as number | null | undefined) ?? 0,
        }) as never,
    })
    @Allow('commands.read')
    commandOutput(
      @Root() output: StreamedOutput,
      @Arg('commandId', () => ID, { description: 'The command' }) _commandId: string,
      @AfterSeq('Resume after this piece; from the start if not given') _afterSeq?: number | null,
    ): CommandOutput {
      return output;
    }
  }
  return new CommandOutputSubscription();
}
