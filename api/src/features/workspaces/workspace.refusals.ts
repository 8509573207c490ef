import { Field, ObjectType } from 'type-graphql';
import { Allow, type Role } from '../../kernel/authorisation/index.js';
import { Refusal } from '../../kernel/refusal.js';
import { WorkspaceRole } from './workspace.types.js';

@ObjectType({ implements: Refusal, description: 'The workspace would be left without an owner' })
@Allow('PARENT')
export class LastOwner extends Refusal {
  override code = 'LAST_OWNER';
  override message = 'This is the only owner of the workspace. Make somebody else an owner first.';
}

@ObjectType({ implements: Refusal, description: 'Nobody gives or takes a role that is stronger than their own' })
@Allow('PARENT')
export class RoleBeyondYours extends Refusal {
  override code = 'ROLE_BEYOND_YOURS';
  override message: string;

  @Field(() => WorkspaceRole, { description: 'The role in question' })
  role: WorkspaceRole;

  constructor(role: Role) {
    super();
    this.role = WorkspaceRole[role];
    this.message = `Only somebody with the role ${role.toLowerCase()} may give or take it.`;
  }
}

@ObjectType({ implements: Refusal, description: 'The person is a member already' })
@Allow('PARENT')
export class AlreadyMember extends Refusal {
  override code = 'ALREADY_MEMBER';
  override message = 'This person is a member of the workspace already.';
}
