import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { ApiTokenScope, Person } from '../people/index.js';
import { Workspace, WorkspaceRole } from './workspace.types.js';

export enum CallerKind {
  USER = 'USER',
  API_TOKEN = 'API_TOKEN',
}

registerEnumType(CallerKind, {
  name: 'CallerKind',
  description: 'What a request is made with',
  valuesConfig: { USER: { description: 'A session' }, API_TOKEN: { description: 'An API token' } },
});

@ObjectType({ description: 'Who makes this request, and with which rights' })
@Allow('PARENT')
export class Caller {
  @Field(() => CallerKind, { description: 'What the request is made with' })
  kind!: CallerKind;

  @Field(() => Person, { description: 'Who makes it, or for whom the API token acts' })
  person!: Person;

  @Field(() => Workspace, { description: 'The workspace that it is about' })
  workspace!: Workspace;

  @Field(() => WorkspaceRole, { description: "The person's role there" })
  role!: WorkspaceRole;

  @Field(() => [ApiTokenScope], { nullable: true, description: 'What the API token is limited to; null for a session' })
  scopes!: ApiTokenScope[] | null;
}
