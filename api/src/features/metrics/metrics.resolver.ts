import type { PartKind } from '@pilothouse/db/timeseries';
import { Arg, Args, Ctx, ID, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { toConnection } from '../../kernel/graphql/connection.js';
import type { RequestContext } from '../../kernel/request-context.js';
import { PartKindEnum } from './figure.enums.js';
import { MetricsHistoryInput, MetricsLatestArgs, PartHistoryInput } from './metrics.input.js';
import type { MetricsService } from './metrics.service.js';
import { HostPart, LatestMetricsConnection, MetricsHistory, PartHistory } from './metrics.types.js';

@Resolver()
export class MetricsResolver {
  constructor(private readonly metrics: MetricsService) {}

  @Query(() => LatestMetricsConnection, { description: 'The newest sample of each server, the oldest servers first' })
  @Allow('metrics.read')
  async metricsLatest(
    @Args(() => MetricsLatestArgs) { first, after, filter }: MetricsLatestArgs,
    @Ctx() ctx: RequestContext,
  ) {
    return toConnection(
      await this.metrics.latest(ctx, { first, after, serverIds: filter?.serverIds }),
      (latest) => latest,
    );
  }

  @Query(() => MetricsHistory, { description: 'Figures of one or several servers over time' })
  @Allow('metrics.read')
  metricsHistory(
    @Arg('input', () => MetricsHistoryInput, { description: 'What is asked for' }) input: MetricsHistoryInput,
    @Ctx() ctx: RequestContext,
  ) {
    return this.metrics.history(ctx, input);
  }

  @Query(() => [HostPart], { description: 'The parts of one kind that a server has or had, at most 64, newest first' })
  @Allow('metrics.read')
  hostParts(
    @Arg('serverId', () => ID, { description: 'The server' }) serverId: string,
    @Arg('kind', () => PartKindEnum, { description: 'Kind of the parts' }) kind: PartKind,
    @Ctx() ctx: RequestContext,
  ) {
    return this.metrics.hostParts(ctx, serverId, kind);
  }

  @Query(() => PartHistory, { description: 'Figures of the parts of a server over time' })
  @Allow('metrics.read')
  partHistory(
    @Arg('input', () => PartHistoryInput, { description: 'What is asked for' }) input: PartHistoryInput,
    @Ctx() ctx: RequestContext,
  ) {
    const { names, ...request } = input;
    return this.metrics.partHistory(ctx, { ...request, ...(names && { names }) });
  }
}
