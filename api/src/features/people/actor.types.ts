import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';

export enum ActorKind {
  USER = 'USER',
  API_TOKEN = 'API_TOKEN',
  AGENT = 'AGENT',
  SYSTEM = 'SYSTEM',
}

registerEnumType(ActorKind, {
  name: 'ActorKind',
  description: 'What somebody acts by',
  valuesConfig: {
    USER: { description: 'A session of a person' },
    API_TOKEN: { description: 'An API token of a person' },
    AGENT: { description: 'The agent of a server' },
    SYSTEM: { description: 'A job of the control plane' },
  },
});

@ObjectType({ description: 'Who asked for something' })
@Allow('PARENT')
export class Actor {
  @Field(() => ActorKind, { description: 'What they acted by' })
  kind!: ActorKind;

  @Field(() => ID, { description: 'Id of the person, token or agent; name of the job' })
  id!: string;
}
