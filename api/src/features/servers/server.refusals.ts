import { Field, ID, ObjectType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { Refusal } from '../../kernel/refusal.js';

@ObjectType({ implements: Refusal, description: 'Another server of the workspace has that name' })
@Allow('PARENT')
export class ServerNameTaken extends Refusal {
  @Field(() => String, { description: 'The name' })
  name!: string;

  static of(name: string): ServerNameTaken {
    const message = `Another server is named ${name}. Choose another name.`;
    return Object.assign(new ServerNameTaken(), { code: 'SERVER_NAME_TAKEN', message, name });
  }
}

@ObjectType({ implements: Refusal, description: 'A server that is enrolled is revoked before it is deleted' })
@Allow('PARENT')
export class ServerNotRevoked extends Refusal {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  static of({ id, name }: { id: string; name: string }): ServerNotRevoked {
    const message = `${name} is enrolled. Revoke it first; then it can be deleted.`;
    return Object.assign(new ServerNotRevoked(), { code: 'SERVER_NOT_REVOKED', message, serverId: id });
  }
}
