import { Field, ID, ObjectType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { Refusal } from '../../kernel/refusal.js';

@ObjectType({ implements: Refusal, description: 'The server’s agent is connected and would be cut off' })
@Allow('PARENT')
export class ServerOnline extends Refusal {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  static of({ id, name }: { id: string; name: string }): ServerOnline {
    const message = `${name} is online. Enrolling another agent cuts this one off; say so if that is meant.`;
    return Object.assign(new ServerOnline(), { code: 'SERVER_ONLINE', message, serverId: id });
  }
}
