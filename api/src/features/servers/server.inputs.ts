import { API_LIMITS, COMMAND_LIMITS, type Scope } from '@pilothouse/protocol';
import { ArgsType, createUnionType, Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { PageArgs } from '../../kernel/graphql/connection.js';
import { ScopeEnum } from '../../kernel/graphql/permission-scope.js';
import { GroupNotFound } from '../server-groups/index.js';
import { ProfileEnum, type ServerProfile } from './permission.types.js';
import { ServerNameTaken, ServerNotRevoked } from './server.refusals.js';
import { ServerOrder } from './server.repository.js';
import { ServerState } from './server.state.js';
import { Server } from './server.types.js';

registerEnumType(ServerOrder, {
  name: 'ServerOrder',
  description: 'What servers are sorted by',
  valuesConfig: {
    NAME: { description: 'By name' },
    CREATED: { description: 'Added last comes first' },
    LAST_SEEN: { description: 'Heard of last comes first' },
  },
});

@InputType({ description: 'Which servers; all that is given must fit. An empty list fits nothing.' })
export class ServerFilterInput {
  @Field(() => String, { nullable: true, description: 'Text in name, description, host name or addresses' })
  search?: string | null;

  @Field(() => [ServerState], { nullable: true, description: 'In one of these states' })
  states?: ServerState[] | null;

  @Field(() => [String], { nullable: true, description: 'With at least one of these tags' })
  tagsAny?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'With every one of these tags' })
  tagsAll?: string[] | null;

  @Field(() => ID, { nullable: true, description: 'In this group or in a group inside it' })
  groupId?: string | null;

  @Field(() => [ID], { nullable: true, description: `These servers, at most ${API_LIMITS.maxPageSize}` })
  serverIds?: string[] | null;
}

@ArgsType()
export class ServersArgs extends PageArgs {
  @Field(() => ServerFilterInput, { nullable: true, description: 'Which servers; none: all' })
  filter?: ServerFilterInput | null;

  @Field(() => ServerOrder, { defaultValue: ServerOrder.NAME, description: 'What they are sorted by' })
  orderBy!: ServerOrder;
}

@InputType({ description: 'What to change of a server; what is left out stays' })
export class UpdateServerInput {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  @Field(() => String, { nullable: true, description: 'Name, 1 to 100 characters' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'Description, at most 1,000 characters' })
  description?: string | null;

  @Field(() => ID, { nullable: true, description: 'The group it lies in; null: none' })
  groupId?: string | null;

  @Field(() => ProfileEnum, { nullable: true, description: 'Permission profile; CUSTOM follows from scopes alone' })
  profile?: ServerProfile | null;

  @Field(() => [ScopeEnum], { nullable: true, description: 'Scopes, in place of a profile' })
  scopes?: Scope[] | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether it is marked as one to be careful with; nothing asks for a second person yet',
  })
  protected?: boolean | null;

  @Field(() => Int, {
    nullable: true,
    description: `How many commands may run on it at once, 1 to ${COMMAND_LIMITS.maxConcurrency}`,
  })
  concurrency?: number | null;
}

@InputType({ description: 'The tags of a server' })
export class SetServerTagsInput {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  @Field(() => [String], { description: 'All the tags it shall have, at most 32; automatic ones stay beside them' })
  tags!: string[];
}

@InputType({ description: 'Whether somebody works on a server' })
export class SetServerMaintenanceInput {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  @Field(() => Boolean, { description: 'Whether it is in maintenance' })
  maintenance!: boolean;
}

@InputType({ description: 'Tags to give to servers and to take from them' })
export class ChangeTagsOnServersInput {
  @Field(() => [ID], { description: `The servers, at most ${API_LIMITS.maxPageSize}` })
  serverIds!: string[];

  @Field(() => [String], { defaultValue: [], description: 'Tags to give' })
  add!: string[];

  @Field(() => [String], { defaultValue: [], description: 'Tags to take away' })
  remove!: string[];
}

@InputType({ description: 'Servers to put into a group' })
export class MoveServersToGroupInput {
  @Field(() => [ID], { description: `The servers, at most ${API_LIMITS.maxPageSize}` })
  serverIds!: string[];

  @Field(() => ID, { nullable: true, description: 'The group; none: out of every group' })
  groupId?: string | null;
}

@InputType({ description: 'A server whose agent shall no longer be trusted' })
export class RevokeServerInput {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;
}

@InputType({ description: 'A server to be deleted' })
export class DeleteServerInput {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;
}

export enum ServerProblem {
  NOT_FOUND = 'NOT_FOUND',
  FORBIDDEN = 'FORBIDDEN',
  TOO_MANY_TAGS = 'TOO_MANY_TAGS',
}
registerEnumType(ServerProblem, {
  name: 'ServerProblem',
  description: 'Why one of several servers was not changed',
  valuesConfig: {
    NOT_FOUND: { description: 'The workspace has no server of that id' },
    FORBIDDEN: { description: 'You may not change this server' },
    TOO_MANY_TAGS: { description: 'It would have more tags than a server may have' },
  },
});

@ObjectType({ description: 'What became of one of several servers' })
@Allow('PARENT')
export class ServerOutcome {
  @Field(() => ID, { description: 'The id that was given' })
  serverId!: string;

  @Field(() => Server, { nullable: true, description: 'The server as it is now; null when it was not changed' })
  server!: Server | null;

  @Field(() => ServerProblem, { nullable: true, description: 'Why it was not changed' })
  problem!: ServerProblem | null;
}

@ObjectType({ description: 'What became of each server, in the order given' })
@Allow('PARENT')
export class ServerOutcomes {
  @Field(() => [ServerOutcome], { description: 'One for each server' })
  outcomes!: ServerOutcome[];
}

@ObjectType({ description: 'A server that is gone' })
@Allow('PARENT')
export class ServerDeleted {
  @Field(() => ID, { description: 'Id it had' })
  id!: string;
}

export const UpdateServerResult = createUnionType({
  name: 'UpdateServerResult',
  description: 'The server, or why it was not changed',
  types: () => [Server, ServerNameTaken, GroupNotFound] as const,
});

export const SetServerTagsResult = createUnionType({
  name: 'SetServerTagsResult',
  description: 'The server with its tags',
  types: () => [Server] as const,
});

export const SetServerMaintenanceResult = createUnionType({
  name: 'SetServerMaintenanceResult',
  description: 'The server with its mark',
  types: () => [Server] as const,
});

export const RevokeServerResult = createUnionType({
  name: 'RevokeServerResult',
  description: 'The server that is revoked',
  types: () => [Server] as const,
});

export const ChangeTagsOnServersResult = createUnionType({
  name: 'ChangeTagsOnServersResult',
  description: 'What became of each server',
  types: () => [ServerOutcomes] as const,
});

export const MoveServersToGroupResult = createUnionType({
  name: 'MoveServersToGroupResult',
  description: 'What became of each server, or why none was moved',
  types: () => [ServerOutcomes, GroupNotFound] as const,
});

export const DeleteServerResult = createUnionType({
  name: 'DeleteServerResult',
  description: 'That the server is gone, or why it stays',
  types: () => [ServerDeleted, ServerNotRevoked] as const,
});
