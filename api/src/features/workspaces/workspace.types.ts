import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { connectionOf } from '../../kernel/graphql/connection.js';
import { DateTime, SafeInt } from '../../kernel/graphql/scalars.js';
import { IDEMPOTENCY_KEY } from '../../kernel/idempotency-key.js';

export enum WorkspaceRole {
  VIEWER = 'VIEWER',
  DEPLOYER = 'DEPLOYER',
  OPERATOR = 'OPERATOR',
  ADMIN = 'ADMIN',
  OWNER = 'OWNER',
}

registerEnumType(WorkspaceRole, {
  name: 'WorkspaceRole',
  description: 'What a member may do; each role may do what those before it may',
  valuesConfig: {
    VIEWER: { description: 'Read everything but secrets, file contents and terminals' },
    DEPLOYER: { description: 'Run saved commands that are marked deployable' },
    OPERATOR: { description: 'Run commands' },
    ADMIN: { description: 'Manage servers, enrolment and members up to admin' },
    OWNER: { description: 'Everything, owners and the workspace itself included' },
  },
});

@ObjectType({ description: 'A tenant: people, servers and what they do, invisible to other workspaces' })
@Allow('PARENT')
export class Workspace {
  @Field(() => ID, { description: 'Id of the workspace; the header `Pilothouse-Workspace` chooses one by it' })
  id!: string;

  @Field(() => String, { description: 'Name of the workspace' })
  name!: string;

  @Field(() => DateTime, { description: 'When it was made' })
  createdAt!: Date;
}

@ObjectType({ description: 'The workspace was made or renamed' })
@Allow('PARENT')
export class WorkspaceChange {
  @Field(() => SafeInt, { description: 'Number of the change in its workspace; resume after it' })
  seq!: number;

  @Field(() => Workspace, { description: 'The workspace as it is now' })
  workspace!: Workspace;
}

@ObjectType({ description: 'A workspace that somebody is a member of' })
@Allow('PARENT')
export class Membership {
  @Field(() => Workspace, { description: 'The workspace' })
  workspace!: Workspace;

  @Field(() => WorkspaceRole, { description: 'Their role in it' })
  role!: WorkspaceRole;

  @Field(() => DateTime, { description: 'When they joined' })
  joinedAt!: Date;
}

export const MembershipConnection = connectionOf(Membership, 'Membership');

@InputType({ description: 'A new workspace' })
export class CreateWorkspaceInput {
  @Field(() => String, { description: 'Name of the workspace' })
  name!: string;

  @Field(() => String, { description: IDEMPOTENCY_KEY })
  idempotencyKey!: string;
}

@InputType({ description: 'Another name for the workspace' })
export class RenameWorkspaceInput {
  @Field(() => String, { description: 'The new name' })
  name!: string;
}
