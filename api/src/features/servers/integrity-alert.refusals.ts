import { Field, ID, ObjectType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { Refusal } from '../../kernel/refusal.js';

@ObjectType({ implements: Refusal, description: 'The server has no integrity alert to acknowledge' })
@Allow('PARENT')
export class NoIntegrityAlert extends Refusal {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  static of({ id, name }: { id: string; name: string }): NoIntegrityAlert {
    const message = `${name} has no integrity alert; perhaps somebody else has acknowledged it.`;
    return Object.assign(new NoIntegrityAlert(), { code: 'NO_INTEGRITY_ALERT', message, serverId: id });
  }
}
