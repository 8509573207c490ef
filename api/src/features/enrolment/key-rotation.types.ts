import { createUnionType, Field, ID, InputType } from 'type-graphql';
import { Server } from '../servers/index.js';
import { AgentTooOld, ServerNotEnrolled } from './key-rotation.refusals.js';

@InputType({ description: 'A server whose agent shall change its key' })
export class RotateServerKeyInput {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;
}

export const RotateServerKeyResult = createUnionType({
  name: 'RotateServerKeyResult',
  description: 'The server whose agent is asked for a new key, or why it is not',
  types: () => [Server, ServerNotEnrolled, AgentTooOld] as const,
});
