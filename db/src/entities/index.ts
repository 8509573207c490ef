import { AgentChallengeEntity } from './agent-challenge.entity.js';
import { AgentConnectionEntity } from './agent-connection.entity.js';
import { AgentIdentityEntity } from './agent-identity.entity.js';
import { AgentSessionEntity } from './agent-session.entity.js';
import { AlertEntity } from './alert.entity.js';
import { ApiTokenEntity } from './api-token.entity.js';
import { AuditEntryEntity } from './audit-entry.entity.js';
import { AuditHeadEntity } from './audit-head.entity.js';
import { CommandEntity } from './command.entity.js';
import { CommandOutputEntity } from './command-output.entity.js';
import { CommandRunEntity } from './command-run.entity.js';
import { CommandTemplateEntity } from './command-template.entity.js';
import { EnrolmentTokenEntity } from './enrolment-token.entity.js';
import { GrantEntity } from './grant.entity.js';
import { InstallationEntity } from './installation.entity.js';
import { InstructionEntity } from './instruction.entity.js';
import { InvitationEntity } from './invitation.entity.js';
import { KeysetEntity } from './keyset.entity.js';
import { MembershipEntity } from './membership.entity.js';
import { RecoveryCodeEntity } from './recovery-code.entity.js';
import { RevocationEntity } from './revocation.entity.js';
import { ServerEntity } from './server.entity.js';
import { ServerGroupEntity } from './server-group.entity.js';
import { ServerTagEntity } from './server-tag.entity.js';
import { SessionEntity } from './session.entity.js';
import { TotpCredentialEntity } from './totp-credential.entity.js';
import { UserEntity } from './user.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';
import { WorkspaceEventEntity } from './workspace-event.entity.js';
import { WorkspaceEventHeadEntity } from './workspace-event-head.entity.js';

export { AgentChallengeEntity } from './agent-challenge.entity.js';
export { AgentConnectionEntity } from './agent-connection.entity.js';
export { AgentIdentityEntity } from './agent-identity.entity.js';
export { AgentSessionEntity } from './agent-session.entity.js';
export { AlertEntity } from './alert.entity.js';
export { ApiTokenEntity } from './api-token.entity.js';
export { AuditEntryEntity } from './audit-entry.entity.js';
export { AuditHeadEntity } from './audit-head.entity.js';
export { CommandEntity } from './command.entity.js';
export { CommandOutputEntity } from './command-output.entity.js';
export { CommandRunEntity } from './command-run.entity.js';
export { CommandTemplateEntity } from './command-template.entity.js';
export { EnrolmentTokenEntity } from './enrolment-token.entity.js';
export { GrantEntity } from './grant.entity.js';
export { InstallationEntity } from './installation.entity.js';
export { InstructionEntity } from './instruction.entity.js';
export { InvitationEntity } from './invitation.entity.js';
export { KeysetEntity } from './keyset.entity.js';
export { MembershipEntity } from './membership.entity.js';
export { RecoveryCodeEntity } from './recovery-code.entity.js';
export { RevocationEntity } from './revocation.entity.js';
export { ServerEntity } from './server.entity.js';
export { ServerGroupEntity } from './server-group.entity.js';
export { ServerTagEntity } from './server-tag.entity.js';
export { SessionEntity } from './session.entity.js';
export { TotpCredentialEntity } from './totp-credential.entity.js';
export { UserEntity } from './user.entity.js';
export { WorkspaceEntity } from './workspace.entity.js';
export { WorkspaceEventEntity } from './workspace-event.entity.js';
export { WorkspaceEventHeadEntity } from './workspace-event-head.entity.js';

/** One class for each table of the schema `public`, in alphabetical order. */
export const entities = [
  AgentChallengeEntity,
  AgentConnectionEntity,
  AgentIdentityEntity,
  AgentSessionEntity,
  AlertEntity,
  ApiTokenEntity,
  AuditEntryEntity,
  AuditHeadEntity,
  CommandEntity,
  CommandOutputEntity,
  CommandRunEntity,
  CommandTemplateEntity,
  EnrolmentTokenEntity,
  GrantEntity,
  InstallationEntity,
  InstructionEntity,
  InvitationEntity,
  KeysetEntity,
  MembershipEntity,
  RecoveryCodeEntity,
  RevocationEntity,
  ServerEntity,
  ServerGroupEntity,
  ServerTagEntity,
  SessionEntity,
  TotpCredentialEntity,
  UserEntity,
  WorkspaceEntity,
  WorkspaceEventEntity,
  WorkspaceEventHeadEntity,
] as const;
