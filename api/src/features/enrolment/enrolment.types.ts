import { COMMAND_LIMITS, type Scope } from '@pilothouse/protocol';
import { createUnionType, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { ScopeEnum } from '../../kernel/graphql/permission-scope.js';
import { DateTime } from '../../kernel/graphql/scalars.js';
import { IDEMPOTENCY_KEY } from '../../kernel/idempotency-key.js';
import { GroupNotFound } from '../server-groups/index.js';
import { ProfileEnum, Server, ServerNameTaken, type ServerProfile } from '../servers/index.js';
import { ServerOnline } from './enrolment.refusals.js';

@ObjectType({ description: 'How a host becomes a server. Shown once: the token cannot be read again.' })
@Allow('PARENT')
export class Enrolment {
  @Field(() => String, { description: 'Single-use token, for the standard input of the command' })
  token!: string;

  @Field(() => String, {
    description: 'Command to run on the host, where the agent is installed; it asks for the token',
  })
  command!: string;

  @Field(() => String, {
    description: 'Command that brings the agent to a host without it, enrols and starts it; it asks for the token',
  })
  installCommand!: string;

  @Field(() => String, { description: 'The same for a host that has wget and no curl' })
  installCommandWithWget!: string;

  @Field(() => String, { description: 'SHA-256 fingerprint of this installation’s root key, which the command pins' })
  rootFingerprint!: string;

  @Field(() => DateTime, { description: 'Until when the token can be used' })
  expiresAt!: Date;
}

@ObjectType({ description: 'A server, and how to enrol its agent' })
@Allow('PARENT')
export class ServerEnrolment {
  @Field(() => Server, { description: 'The server' })
  server!: Server;

  @Field(() => Enrolment, {
    nullable: true,
    description: 'How to enrol its agent; null when a repeated request found that it is enrolled already',
  })
  enrolment!: Enrolment | null;
}

@InputType({ description: 'A new server. Give either a profile or scopes.' })
export class CreateServerInput {
  @Field(() => String, { description: 'Name, 1 to 100 characters, unique in the workspace' })
  name!: string;

  @Field(() => String, { defaultValue: '', description: 'What it is for, at most 1,000 characters' })
  description!: string;

  @Field(() => ID, { nullable: true, description: 'The group to put it in' })
  groupId?: string | null;

  @Field(() => [String], { defaultValue: [], description: 'Tags, at most 32' })
  tags!: string[];

  @Field(() => ProfileEnum, { nullable: true, description: 'Permission profile' })
  profile?: ServerProfile | null;

  @Field(() => [ScopeEnum], { nullable: true, description: 'Scopes, in place of a profile' })
  scopes?: Scope[] | null;

  @Field(() => Boolean, { defaultValue: false, description: 'Whether dangerous work on it needs a second person' })
  protected!: boolean;

  @Field(() => Int, {
    defaultValue: COMMAND_LIMITS.defaultConcurrency,
    description: `How many commands may run on it at once, 1 to ${COMMAND_LIMITS.maxConcurrency}`,
  })
  concurrency!: number;

  @Field(() => String, { description: `${IDEMPOTENCY_KEY}; while the server is pending, it gives a new token` })
  idempotencyKey!: string;
}

@InputType({ description: 'A server whose agent shall be enrolled anew' })
export class ReenrolServerInput {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Also when its agent is connected, which is cut off once the token is used',
  })
  replaceOnline!: boolean;
}

export const CreateServerResult = createUnionType({
  name: 'CreateServerResult',
  description: 'The server and how to enrol it, or why it was not added',
  types: () => [ServerEnrolment, ServerNameTaken, GroupNotFound] as const,
});

export const ReenrolServerResult = createUnionType({
  name: 'ReenrolServerResult',
  description: 'The server and how to enrol it anew, or why not',
  types: () => [ServerEnrolment, ServerOnline] as const,
});
