import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { connectionOf } from '../../kernel/graphql/connection.js';
import { DateTime } from '../../kernel/graphql/scalars.js';
import { Person } from '../people/index.js';

export enum GrantRole {
  DEPLOYER = 'DEPLOYER',
  OPERATOR = 'OPERATOR',
  ADMIN = 'ADMIN',
}

registerEnumType(GrantRole, {
  name: 'GrantRole',
  description: 'A role on single servers; it only adds to the role in the workspace',
  valuesConfig: {
    DEPLOYER: { description: 'Run saved commands that are marked deployable' },
    OPERATOR: { description: 'Run commands' },
    ADMIN: { description: 'Manage the servers' },
  },
});

@ObjectType({ description: 'A right of a member beyond their role, on one server or on every server with a tag' })
@Allow('PARENT')
export class ServerGrant {
  @Field(() => ID, { description: 'Id of the grant' })
  id!: string;

  @Field(() => Person, { description: 'Whose right it is' })
  person!: Person;

  @Field(() => GrantRole, { description: 'As what they may act there' })
  role!: GrantRole;

  @Field(() => ID, { nullable: true, description: 'Id of the server, when it is about one' })
  serverId!: string | null;

  @Field(() => String, { nullable: true, description: 'The tag, when it is about all servers with it' })
  tag!: string | null;

  @Field(() => DateTime, { description: 'When it was granted' })
  createdAt!: Date;
}

export const ServerGrantConnection = connectionOf(ServerGrant, 'ServerGrant');

@InputType({ description: 'A right on one server, or on every server with a tag: exactly one of the two' })
export class GrantOnServerInput {
  @Field(() => ID, { description: 'The member' })
  personId!: string;

  @Field(() => GrantRole, { description: 'As what they may act there' })
  role!: GrantRole;

  @Field(() => ID, { nullable: true, description: 'The server' })
  serverId?: string | null;

  @Field(() => String, { nullable: true, description: 'A tag' })
  tag?: string | null;
}

@InputType({ description: 'A grant to be taken away' })
export class RevokeServerGrantInput {
  @Field(() => ID, { description: 'The grant' })
  serverGrantId!: string;
}

@ObjectType({ description: 'A grant that is gone' })
@Allow('PARENT')
export class ServerGrantRevoked {
  @Field(() => ID, { description: 'Id it had' })
  id!: string;
}
