import { Arg, Args, createUnionType, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { PageArgs, toConnection } from '../../kernel/graphql/connection.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { CancelCommandInput, CommandFilterInput, RerunCommandInput, RunCommandInput } from './command.inputs.js';
import { AgentOffline, AlreadyFinished, QueueFull, ScopeMissing, ServerNotReady } from './command.refusals.js';
import type { CommandService, RunCommandRefusal } from './command.service.js';
import { Command, CommandConnection, toCommand } from './command.types.js';
import type { CommandEntity } from '@pilothouse/db';
import { Refusal } from '../../kernel/refusal.js';

const RunCommandResult = createUnionType({
  name: 'RunCommandResult',
  description: 'The queued command, or why nothing was queued',
  types: () => [Command, AgentOffline, ServerNotReady, ScopeMissing, QueueFull] as const,
});

const RerunCommandResult = createUnionType({
  name: 'RerunCommandResult',
  description: 'The queued command, or why nothing was queued',
  types: () => [Command, AgentOffline, ServerNotReady, ScopeMissing, QueueFull] as const,
});

const CancelCommandResult = createUnionType({
  name: 'CancelCommandResult',
  description: 'The command whose end was asked for, or why it was not',
  types: () => [Command, AlreadyFinished] as const,
});

@Resolver(() => Command)
export class CommandResolver {
  constructor(private readonly commands: CommandService) {}

  @Query(() => Command, { description: 'One command' })
  @Allow('commands.read')
  async command(
    @Arg('id', () => ID, { description: 'The command' }) id: string,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<Command> {
    return toCommand(await this.commands.get(ctx, id));
  }

  @Query(() => CommandConnection, { description: 'The history of commands, newest first' })
  @Allow('commands.read')
  async commandHistory(
    @Args(() => PageArgs) { first, after }: PageArgs,
    @Arg('filter', () => CommandFilterInput, { nullable: true, description: 'Which commands; all if not given' })
    filter: CommandFilterInput | null,
    @Ctx() ctx: WorkspaceContext,
  ) {
    return toConnection(await this.commands.list(ctx, filter ?? {}, { first, after: after ?? null }), toCommand);
  }

  @Mutation(() => RunCommandResult, { description: 'Queues a signed command for one server' })
  @Allow('commands.run')
  async runCommand(
    @Arg('input', () => RunCommandInput, { description: 'What to run, and where' }) input: RunCommandInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof RunCommandResult> {
    return shown(await this.commands.run(ctx, input));
  }

  @Mutation(() => RerunCommandResult, {
    description: 'Queues an earlier command again, on the same server, as the caller',
  })
  @Allow('commands.run')
  async rerunCommand(
    @Arg('input', () => RerunCommandInput, { description: 'Which command' }) input: RerunCommandInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof RerunCommandResult> {
    return shown(await this.commands.rerun(ctx, input));
  }

  @Mutation(() => CancelCommandResult, {
    description: 'Asks for a command’s end; it is CANCELLED once its agent confirms',
  })
  @Allow('commands.run')
  async cancelCommand(
    @Arg('input', () => CancelCommandInput, { description: 'Which command' }) { commandId }: CancelCommandInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof CancelCommandResult> {
    const result = await this.commands.cancel(ctx, commandId);
    return result instanceof AlreadyFinished ? result : toCommand(result);
  }
}

function shown(result: CommandEntity | RunCommandRefusal): Command | RunCommandRefusal {
  return result instanceof Refusal ? result : toCommand(result);
}
