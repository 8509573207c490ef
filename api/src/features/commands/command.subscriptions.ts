import type { CommandEntity, CommandRunEntity } from '@pilothouse/db';
import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { Fault } from '../../kernel/fault.js';
import { SafeInt } from '../../kernel/graphql/scalars.js';
import { isId } from '../../kernel/ids.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import type { Change } from '../../kernel/streams/follow-changes.js';
import type { CommandEvents, StreamedOutput } from './command.events.js';
import { CommandChange, CommandOutput, toCommand } from './command.types.js';
import { RunChange, toRun } from './run.types.js';

interface Subscribed {
  args: { afterSeq?: number | null; commandId?: string; commandIds?: string[] | null; runIds?: string[] | null };
  context?: WorkspaceContext;
}

/** The subscriptions of commands and runs. A factory, because type-graphql starts a subscription without the resolver. */
export function commandSubscriptions(events: CommandEvents): object {
  @Resolver()
  class CommandSubscriptions {
    @Subscription(() => CommandChange, {
      description: 'Commands that changed, in order',
      subscribe: ({ args, context }: Subscribed) =>
        events.commands(contextOf(context), resumed(args.commandIds, args.afterSeq)),
    })
    @Allow('commands.read')
    commandChanged(
      @Root() { seq, thing }: Change<CommandEntity>,
      @Arg('commandIds', () => [ID], { nullable: true, description: 'Only these; at most 200' }) _commandIds?: string[],
      @Arg('afterSeq', () => SafeInt, {
        nullable: true,
        description: 'Resume after this change; from now on if not given',
      })
      _afterSeq?: number,
    ): CommandChange {
      return { seq, command: toCommand(thing) };
    }

    @Subscription(() => RunChange, {
      description: 'Runs that changed, in order',
      subscribe: ({ args, context }: Subscribed) =>
        events.runs(contextOf(context), resumed(args.runIds, args.afterSeq)),
    })
    @Allow('commands.read')
    runChanged(
      @Root() { seq, thing }: Change<CommandRunEntity>,
      @Arg('runIds', () => [ID], { nullable: true, description: 'Only these; at most 200' }) _runIds?: string[],
      @Arg('afterSeq', () => SafeInt, {
        nullable: true,
        description: 'Resume after this change; from now on if not given',
      })
      _afterSeq?: number,
    ): RunChange {
      return { seq, run: toRun(thing) };
    }

    @Subscription(() => CommandOutput, {
      description: 'A command’s output: what is kept of it, then live, without gap or duplicate; ends with the output',
      subscribe: ({ args, context }: Subscribed) =>
        events.output(contextOf(context), {
          commandId: args.commandId ?? '',
          afterSeq: checkedSeq(args.afterSeq) ?? 0,
        }) as never,
    })
    @Allow('commands.read')
    commandOutput(
      @Root() output: StreamedOutput,
      @Arg('commandId', () => ID, { description: 'The command' }) _commandId: string,
      @Arg('afterSeq', () => SafeInt, {
        nullable: true,
        description: 'Resume after this piece; from the start if not given',
      })
      _afterSeq?: number,
    ): CommandOutput {
      return output;
    }
  }
  return new CommandSubscriptions();
}

const MAX_FOLLOWED = 200;

function contextOf(context: WorkspaceContext | undefined): WorkspaceContext {
  if (!context) throw new Error('A subscription without a context');
  return context;
}

function resumed(
  ids: readonly string[] | null | undefined,
  afterSeq: number | null | undefined,
): { afterSeq: number | null; ids: readonly string[] | null } {
  if (ids && ids.length > MAX_FOLLOWED)
    throw new Fault('BAD_USER_INPUT', `At most ${MAX_FOLLOWED} ids can be followed at once.`);
  return { afterSeq: checkedSeq(afterSeq), ids: ids?.filter(isId) ?? null };
}

function checkedSeq(afterSeq: number | null | undefined): number | null {
  if (afterSeq == null) return null;
  if (afterSeq < 0) throw new Fault('BAD_USER_INPUT', 'afterSeq must not be negative.');
  return afterSeq;
}
