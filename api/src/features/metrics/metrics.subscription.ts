import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import type { LiveMetrics } from './metrics.live.js';
import { MetricsSampled } from './metrics.types.js';

/** The resolver is made around its service, because type-graphql hands no resolver to the function that subscribes. */
export function metricsSubscription(live: LiveMetrics): object {
  @Resolver()
  class MetricsSubscription {
    @Subscription(() => MetricsSampled, {
      description: 'New samples as they come, the newest of each server at once',
      subscribe: ({ args, context }) => live.sampled(context as WorkspaceContext, args.serverIds as string[]),
    })
    @Allow('metrics.read')
    metricsSampled(
      @Root() event: MetricsSampled,
      @Arg('serverIds', () => [ID], { description: 'From 1 to 200 servers' }) _serverIds: string[],
    ): MetricsSampled {
      return event;
    }
  }
  return new MetricsSubscription();
}
