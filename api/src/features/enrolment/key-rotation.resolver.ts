import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { Refusal } from '../../kernel/refusal.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { toServerNode } from '../servers/index.js';
import type { KeyRotationRequestService } from './key-rotation-request.service.js';
import { RotateServerKeyInput, RotateServerKeyResult } from './key-rotation.types.js';

@Resolver()
export class KeyRotationResolver {
  constructor(private readonly requests: KeyRotationRequestService) {}

  @Mutation(() => RotateServerKeyResult, {
    description: 'Asks a server’s agent for a new key: at once where it is connected, else when it next connects',
  })
  @Allow('servers.enrol')
  async rotateServerKey(
    @Arg('input', () => RotateServerKeyInput, { description: 'Which server' }) { serverId }: RotateServerKeyInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof RotateServerKeyResult> {
    const asked = await this.requests.ask(ctx, serverId);
    return asked instanceof Refusal ? asked : toServerNode(asked, ctx.now());
  }
}
