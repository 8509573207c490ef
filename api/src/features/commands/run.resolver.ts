import { Arg, Args, createUnionType, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { RUN_LIMITS } from '@pilothouse/protocol';
import { Allow } from '../../kernel/authorisation/index.js';
import { PageArgs, toConnection } from '../../kernel/graphql/connection.js';
import { loaderOf } from '../../kernel/graphql/loader.js';
import { Refusal } from '../../kernel/refusal.js';
import type { RequestContext, WorkspaceContext } from '../../kernel/request-context.js';
import { RunOnServersInput, StopRunInput, TargetInput } from './command.inputs.js';
import { AlreadyFinished, NoTargets, QueueFull, ScopeMissing, TooManyTargets } from './command.refusals.js';
import type { RunService } from './run.service.js';
import { Run, RunConnection, RunPreview, RunStateCount, toRun } from './run.types.js';

const RunOnServersResult = createUnionType({
  name: 'RunOnServersResult',
  description: 'The started run, or why nothing was started',
  types: () => [Run, NoTargets, TooManyTargets, ScopeMissing, QueueFull] as const,
});

const StopRunResult = createUnionType({
  name: 'StopRunResult',
  description: 'The run that is being stopped, or why it is not',
  types: () => [Run, AlreadyFinished] as const,
});

@Resolver(() => Run)
export class RunResolver {
  constructor(private readonly runs: RunService) {}

  @Query(() => Run, { description: 'One run' })
  @Allow('commands.read')
  async run(@Arg('id', () => ID, { description: 'The run' }) id: string, @Ctx() ctx: WorkspaceContext): Promise<Run> {
    return toRun(await this.runs.get(ctx, id));
  }

  @Query(() => RunConnection, { description: 'Runs over many servers, newest first' })
  @Allow('commands.read')
  async runHistory(@Args(() => PageArgs) { first, after }: PageArgs, @Ctx() ctx: WorkspaceContext) {
    return toConnection(await this.runs.list(ctx, { first, after: after ?? null }), toRun);
  }

  @Query(() => RunPreview, { description: 'Which servers a run would reach, and which it would leave out' })
  @Allow('commands.run')
  async runPreview(
    @Arg('target', () => TargetInput, { description: 'Which servers' }) target: TargetInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<RunPreview> {
    const { servers, offline, notReady } = await this.runs.preview(ctx, target);
    return {
      serverCount: servers.length,
      offlineCount: offline.length,
      notReadyCount: notReady.length,
      servers: servers.slice(0, RUN_LIMITS.maxServers),
      offline: offline.slice(0, RUN_LIMITS.maxServers),
      notReady: notReady.slice(0, RUN_LIMITS.maxServers),
    };
  }

  @Mutation(() => RunOnServersResult, { description: 'Starts one command on many servers, in batches' })
  @Allow('commands.run')
  async runOnServers(
    @Arg('input', () => RunOnServersInput, { description: 'What to run, where and how' }) input: RunOnServersInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof RunOnServersResult> {
    const result = await this.runs.start(ctx, input);
    return result instanceof Refusal ? result : toRun(result);
  }

  @Mutation(() => StopRunResult, { description: 'Takes back what was not sent and asks for the end of the rest' })
  @Allow('commands.run')
  async stopRun(
    @Arg('input', () => StopRunInput, { description: 'Which run' }) { runId }: StopRunInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof StopRunResult> {
    const result = await this.runs.stop(ctx, runId);
    return result instanceof AlreadyFinished ? result : toRun(result);
  }

  @FieldResolver(() => [RunStateCount], { description: 'Its commands by state' })
  async progress(@Root() run: Run, @Ctx() ctx: WorkspaceContext): Promise<RunStateCount[]> {
    return (await loaderOf(ctx, this.loadProgress).load(run.id)) ?? [];
  }

  private readonly loadProgress = (ctx: RequestContext, runIds: readonly string[]) => this.runs.progressOf(ctx, runIds);
}
