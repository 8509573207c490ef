import { Field, ID, ObjectType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { Refusal } from '../../kernel/refusal.js';

@ObjectType({ implements: Refusal, description: 'No agent is enrolled for the server, so there is no key to change' })
@Allow('PARENT')
export class ServerNotEnrolled extends Refusal {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  static of({ id, name }: { id: string; name: string }): ServerNotEnrolled {
    const message = `${name} has no enrolled agent, or was revoked. Enrol it: its new agent makes a new key.`;
    return Object.assign(new ServerNotEnrolled(), { code: 'SERVER_NOT_ENROLLED', message, serverId: id });
  }
}

@ObjectType({ implements: Refusal, description: 'The server’s agent is too old to change its key' })
@Allow('PARENT')
export class AgentTooOld extends Refusal {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  static of({ id, name }: { id: string; name: string }): AgentTooOld {
    const message = `The agent of ${name} cannot change its key. Install a newer one, or enrol it anew.`;
    return Object.assign(new AgentTooOld(), { code: 'AGENT_TOO_OLD', message, serverId: id });
  }
}
