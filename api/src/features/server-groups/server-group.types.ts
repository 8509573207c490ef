import { Field, ID, InputType, Int, ObjectType, createUnionType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { connectionOf } from '../../kernel/graphql/connection.js';
import { DateTime, SafeInt } from '../../kernel/graphql/scalars.js';
import { IDEMPOTENCY_KEY } from '../../kernel/idempotency-key.js';
import { QuotaReached } from '../../kernel/quota.refusal.js';
import { GroupCycle, GroupNameTaken, GroupNotEmpty, GroupNotFound, GroupTooDeep } from './server-group.refusals.js';

@ObjectType({ description: 'A named group of servers; groups nest' })
@Allow('PARENT')
export class ServerGroup {
  @Field(() => ID, { description: 'Id of the group' })
  id!: string;

  @Field(() => ID, { nullable: true, description: 'The group it lies in; null at the top' })
  parentId!: string | null;

  @Field(() => String, { description: 'Name, unique among its siblings' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'Colour as #rrggbb, in small letters' })
  colour!: string | null;

  @Field(() => Int, { description: 'How many servers lie in it directly' })
  serverCount!: number;

  @Field(() => DateTime, { description: 'When it was made' })
  createdAt!: Date;
}

export const ServerGroupConnection = connectionOf(ServerGroup, 'ServerGroup');

@ObjectType({ description: 'A group that was made, changed or deleted' })
@Allow('PARENT')
export class ServerGroupChange {
  @Field(() => SafeInt, { description: 'Number of the change in its workspace; resume after it' })
  seq!: number;

  @Field(() => ID, { description: 'The group' })
  groupId!: string;

  @Field(() => ServerGroup, { nullable: true, description: 'The group as it is now; null once it is deleted' })
  group!: ServerGroup | null;
}

@ObjectType({ description: 'A tag, and how many servers bear it' })
@Allow('PARENT')
export class TagCount {
  @Field(() => String, { description: 'The tag' })
  tag!: string;

  @Field(() => Int, { description: 'How many servers bear it' })
  serverCount!: number;

  @Field(() => Boolean, { description: 'Whether every one of them bears it by what its agent found' })
  automatic!: boolean;
}

@InputType({ description: 'A new group' })
export class CreateServerGroupInput {
  @Field(() => String, { description: 'Name, 1 to 100 characters' })
  name!: string;

  @Field(() => ID, { nullable: true, description: 'The group it shall lie in; none: at the top' })
  parentId?: string | null;

  @Field(() => String, { nullable: true, description: 'Colour as #rrggbb' })
  colour?: string | null;

  @Field(() => String, { description: IDEMPOTENCY_KEY })
  idempotencyKey!: string;
}

@InputType({ description: 'What to change of a group; what is left out stays' })
export class UpdateServerGroupInput {
  @Field(() => ID, { description: 'The group' })
  groupId!: string;

  @Field(() => String, { nullable: true, description: 'Name, 1 to 100 characters' })
  name?: string | null;

  @Field(() => ID, { nullable: true, description: 'The group it shall lie in; null: at the top' })
  parentId?: string | null;

  @Field(() => String, { nullable: true, description: 'Colour as #rrggbb; null: none' })
  colour?: string | null;
}

@InputType({ description: 'Which group to delete, and where its contents go' })
export class DeleteServerGroupInput {
  @Field(() => ID, { description: 'The group' })
  groupId!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The group that takes its servers and groups; null: the top. Left out: only an empty group is deleted',
  })
  moveContentsToId?: string | null;
}

@ObjectType({ description: 'A group that is gone' })
@Allow('PARENT')
export class ServerGroupDeleted {
  @Field(() => ID, { description: 'Id it had' })
  id!: string;
}

export const CreateServerGroupResult = createUnionType({
  name: 'CreateServerGroupResult',
  description: 'The group, or why it was not made',
  types: () => [ServerGroup, GroupNameTaken, GroupNotFound, GroupTooDeep, QuotaReached] as const,
});

export const UpdateServerGroupResult = createUnionType({
  name: 'UpdateServerGroupResult',
  description: 'The group, or why it was not changed',
  types: () => [ServerGroup, GroupNameTaken, GroupNotFound, GroupTooDeep, GroupCycle] as const,
});

export const DeleteServerGroupResult = createUnionType({
  name: 'DeleteServerGroupResult',
  description: 'That the group is gone, or why it stays',
  types: () => [ServerGroupDeleted, GroupNotEmpty, GroupNotFound, GroupNameTaken, GroupTooDeep, GroupCycle] as const,
});
