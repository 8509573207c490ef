import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { connectionOf } from '../../kernel/graphql/connection.js';
import { DateTime } from '../../kernel/graphql/scalars.js';
import { IDEMPOTENCY_KEY } from '../../kernel/idempotency-key.js';
import { Refusal } from '../../kernel/refusal.js';
import { Person, SessionClient, SignedIn } from '../people/index.js';
import { Workspace, WorkspaceRole } from './workspace.types.js';

@ObjectType({ description: 'An offer to join the workspace that has not been answered' })
@Allow('PARENT')
export class Invitation {
  @Field(() => ID, { description: 'Id of the invitation' })
  id!: string;

  @Field(() => String, { description: 'E-mail address that it is bound to' })
  email!: string;

  @Field(() => WorkspaceRole, { description: 'Role that it gives' })
  role!: WorkspaceRole;

  @Field(() => Person, { description: 'Who invited' })
  invitedBy!: Person;

  @Field(() => DateTime, { description: 'When it was made' })
  createdAt!: Date;

  @Field(() => DateTime, { description: 'Until when it can be accepted' })
  expiresAt!: Date;
}

export const InvitationConnection = connectionOf(Invitation, 'Invitation');

@ObjectType({ description: 'What an invitation offers, for whoever holds its code' })
@Allow('PARENT')
export class InvitationOffer {
  @Field(() => String, { description: 'Name of the workspace' })
  workspaceName!: string;

  @Field(() => String, { description: 'Name of who invited' })
  inviterName!: string;

  @Field(() => String, { description: 'E-mail address that it is bound to' })
  email!: string;

  @Field(() => WorkspaceRole, { description: 'Role that it gives' })
  role!: WorkspaceRole;

  @Field(() => Boolean, { description: 'Whether the address has an account: then sign in before accepting' })
  hasAccount!: boolean;

  @Field(() => DateTime, { description: 'Until when it can be accepted' })
  expiresAt!: Date;
}

@InputType({ description: 'Whom to invite, and as what' })
export class InviteMemberInput {
  @Field(() => String, { description: 'E-mail address; nobody else can accept' })
  email!: string;

  @Field(() => WorkspaceRole, { description: 'Role that they get' })
  role!: WorkspaceRole;

  @Field(() => String, { description: IDEMPOTENCY_KEY })
  idempotencyKey!: string;
}

@ObjectType({ description: 'A new invitation' })
@Allow('PARENT')
export class MemberInvited {
  @Field(() => Invitation, { description: 'The invitation' })
  invitation!: Invitation;

  @Field(() => String, { description: 'Its code, to be handed to the invited person; shown this once' })
  code!: string;
}

@InputType({ description: 'The answer to an invitation. Somebody without an account also gives a name and a password' })
export class AcceptInvitationInput {
  @Field(() => String, { description: 'The code' })
  code!: string;

  @Field(() => String, { nullable: true, description: 'Name shown to others; for a new account' })
  displayName?: string | null;

  @Field(() => String, { nullable: true, description: 'Password of at least 12 characters; for a new account' })
  password?: string | null;

  @Field(() => SessionClient, { defaultValue: SessionClient.BROWSER, description: 'What will hold the session token' })
  client!: SessionClient;
}

@ObjectType({ description: 'You are a member now' })
@Allow('PARENT')
export class InvitationAccepted {
  @Field(() => Workspace, { description: 'Of this workspace' })
  workspace!: Workspace;

  @Field(() => SignedIn, { nullable: true, description: 'Your first session, when this made your account' })
  signedIn!: SignedIn | null;
}

@ObjectType({
  implements: Refusal,
  description: 'An invitation was made with this idempotency key; its code cannot be shown again',
})
@Allow('PARENT')
export class InvitationAlreadyMade extends Refusal {
  override code = 'INVITATION_ALREADY_MADE';
  override message =
    'An invitation was made with this key already. Invite again with a new key; the old one ends by it.';

  @Field(() => ID, { description: 'Id of the invitation that was made' })
  invitationId: string;

  constructor(invitationId: string) {
    super();
    this.invitationId = invitationId;
  }
}

@ObjectType({
  implements: Refusal,
  description: 'Used, revoked, expired or never made, or its maker could not make it any more',
})
@Allow('PARENT')
export class InvitationRefused extends Refusal {
  override code = 'INVITATION_REFUSED';
  override message = 'This invitation is not good any more. Ask for a new one.';
}

@ObjectType({
  implements: Refusal,
  description: 'The invited address has an account: only who is signed in to it can accept',
})
@Allow('PARENT')
export class SignInToAccept extends Refusal {
  override code = 'SIGN_IN_TO_ACCEPT';
  override message = 'The invited address has an account. Sign in to it, then accept.';
}

@InputType({ description: 'An invitation to be taken back' })
export class RevokeInvitationInput {
  @Field(() => ID, { description: 'The invitation' })
  invitationId!: string;
}

@ObjectType({ description: 'An invitation that is gone' })
@Allow('PARENT')
export class InvitationRevoked {
  @Field(() => ID, { description: 'Id it had' })
  id!: string;
}
