import { createUnionType, Field, ID, InputType } from 'type-graphql';
import { NoIntegrityAlert } from './integrity-alert.refusals.js';
import { Server } from './server.types.js';

@InputType({ description: 'Whose integrity alert somebody has looked into' })
export class AcknowledgeIntegrityAlertInput {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;
}

export const AcknowledgeIntegrityAlertResult = createUnionType({
  name: 'AcknowledgeIntegrityAlertResult',
  description: 'The server, or that it has no alert',
  types: () => [Server, NoIntegrityAlert] as const,
});
