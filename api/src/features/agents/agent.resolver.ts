import { PROTOCOL_VERSION } from '@pilothouse/protocol';
import { Arg, Ctx, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import { Fault } from '../../kernel/fault.js';
import type { AgentConnection } from './agent-connection.js';
import { Instruction } from './instruction.types.js';
import { AgentFrameInput, PublishReceipt } from './publish.types.js';
import type { PublishService } from './publish.service.js';
import { Superseded } from './superseded.js';

/** The context of an operation on an agent's socket. */
export interface AgentSocketContext extends AgentConnection {
  instructions: () => AsyncIterable<typeof Instruction>;
}

/** The whole of the agent schema: what is not here cannot be asked by an agent. */
@Resolver()
export class AgentResolver {
  constructor(private readonly parts: { publish: PublishService }) {}

  @Query(() => Int, { description: 'Version of the agent protocol this schema belongs to' })
  protocolVersion(): number {
    return PROTOCOL_VERSION;
  }

  @Mutation(() => PublishReceipt, { description: 'Hands over frames; answers when they are durable' })
  async publish(
    @Arg('frames', () => [AgentFrameInput], { description: 'At most 256 frames' }) frames: unknown[],
    @Ctx() connection: AgentConnection,
  ): Promise<PublishReceipt> {
    try {
      return { refused: await this.parts.publish.publish(connection, frames) };
    } catch (error) {
      if (!(error instanceof Superseded)) throw error;
      connection.close('SUPERSEDED');
      throw new Fault('FORBIDDEN', 'Another connection of this identity has taken over.');
    }
  }

  @Subscription(() => Instruction, {
    description: 'Instructions for this agent, in the order in which it shall start them',
    subscribe: ({ context }: { context?: AgentSocketContext }) => {
      if (!context) throw new Error('A subscription without its connection');
      return context.instructions();
    },
  })
  instructions(@Root() instruction: typeof Instruction): typeof Instruction {
    return instruction;
  }
}
