import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { connectionOf } from '../../kernel/graphql/connection.js';
import { DateTime, SafeInt } from '../../kernel/graphql/scalars.js';
import { Person } from '../people/index.js';
import type { MemberRow } from './member.repository.js';
import { WorkspaceRole } from './workspace.types.js';

@ObjectType({ description: 'Somebody who belongs to the workspace' })
@Allow('PARENT')
export class Member {
  @Field(() => Person, { description: 'Who it is' })
  person!: Person;

  @Field(() => WorkspaceRole, { description: 'Their role' })
  role!: WorkspaceRole;

  @Field(() => DateTime, { description: 'When they joined' })
  joinedAt!: Date;
}

export const MemberConnection = connectionOf(Member, 'Member');

@ObjectType({ description: 'Somebody joined or left the workspace, or has other rights in it' })
@Allow('PARENT')
export class MemberChange {
  @Field(() => SafeInt, { description: 'Number of the change in its workspace; resume after it' })
  seq!: number;

  @Field(() => ID, { description: 'Who it is about' })
  personId!: string;

  @Field(() => Member, { nullable: true, description: 'The member as they are now; null once they are none' })
  member!: Member | null;
}

@InputType({ description: 'Another role for a member' })
export class ChangeMemberRoleInput {
  @Field(() => ID, { description: 'The member' })
  personId!: string;

  @Field(() => WorkspaceRole, { description: 'Their new role' })
  role!: WorkspaceRole;
}

@InputType({ description: 'A member to take out of the workspace' })
export class RemoveMemberInput {
  @Field(() => ID, { description: 'The member' })
  personId!: string;
}

@ObjectType({ description: 'Somebody no longer belongs to the workspace' })
@Allow('PARENT')
export class MemberRemoved {
  @Field(() => Person, { description: 'Who it was' })
  person!: Person;
}

export function toMember({ userId, email, displayName, role, joinedAt }: MemberRow): Member {
  return Object.assign(new Member(), {
    person: { id: userId, email, displayName },
    role: WorkspaceRole[role],
    joinedAt,
  });
}
