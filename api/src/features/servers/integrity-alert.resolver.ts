import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { Refusal } from '../../kernel/refusal.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import type { IntegrityAlertService } from './integrity-alert.service.js';
import { AcknowledgeIntegrityAlertInput, AcknowledgeIntegrityAlertResult } from './integrity-alert.types.js';
import { toServerNode } from './server.node.js';

@Resolver()
export class IntegrityAlertResolver {
  constructor(private readonly alerts: IntegrityAlertService) {}

  @Mutation(() => AcknowledgeIntegrityAlertResult, {
    description: 'Says that somebody has looked into a server’s integrity alert: it is no longer shown',
  })
  @Allow('servers.write')
  async acknowledgeIntegrityAlert(
    @Arg('input', () => AcknowledgeIntegrityAlertInput, { description: 'Which server' })
    { serverId }: AcknowledgeIntegrityAlertInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof AcknowledgeIntegrityAlertResult> {
    const acknowledged = await this.alerts.acknowledge(ctx, serverId);
    return acknowledged instanceof Refusal ? acknowledged : toServerNode(acknowledged, ctx.now());
  }
}
