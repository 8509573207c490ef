/**
 * Who may use which root field, written by hand from the table in docs/security-model.md, “Who may do what”, never from the code.
 *
 * - `anonymous`: nobody in particular. - `viewer` to `owner`: members of the workspace the request is about.
 * - `read`, `run`, `manage`: API tokens of an owner, each with this scope alone.
 * - `agent`: an agent, in its own workspace. - `outsider`: an admin of another workspace, asking for this one.
 */
export const CALLERS = [
  'anonymous',
  'viewer',
  'deployer',
  'operator',
  'admin',
  'owner',
  'read',
  'run',
  'manage',
  'agent',
  'outsider',
] as const;
export type Caller = (typeof CALLERS)[number];

export interface FieldRight {
  may: readonly Caller[];
  /** People need to have confirmed with their password within the last 10 minutes. */
  stepUp?: true;
}

const people = ['viewer', 'deployer', 'operator', 'admin', 'owner', 'outsider'] as const;
const viewers = ['viewer', 'deployer', 'operator', 'admin', 'owner'] as const;
const operators = ['operator', 'admin', 'owner'] as const;
const admins = ['admin', 'owner'] as const;

const ANYBODY: FieldRight = { may: CALLERS };
/** About the person who asks, in whatever workspace. */
const ONESELF: FieldRight = { may: people };
const ONESELF_CONFIRMED: FieldRight = { may: people, stepUp: true };
const READ: FieldRight = { may: [...viewers, 'read'] };
const RUN: FieldRight = { may: [...operators, 'run'] };
/** What operators may run they may also save; tokens need the scope of whoever changes things. */
const TEMPLATES: FieldRight = { may: [...operators, 'manage'] };
const MANAGE: FieldRight = { may: [...admins, 'manage'] };
const ADMIN_CONFIRMED: FieldRight = { may: admins, stepUp: true };
const OWN_TOKENS: FieldRight = { may: viewers };
const OWN_TOKENS_CONFIRMED: FieldRight = { may: viewers, stepUp: true };

export const FIELD_RIGHTS: Readonly<Record<string, FieldRight>> = {
  'Query.apiTokens': OWN_TOKENS,
  'Query.auditEntries': READ,
  'Query.caller': READ,
  'Query.command': READ,
  'Query.commandHistory': READ,
  'Query.commandTemplate': READ,
  'Query.commandTemplates': READ,
  'Query.hostParts': READ,
  'Query.invitationOffer': ANYBODY,
  'Query.invitations': READ,
  'Query.me': ONESELF,
  'Query.members': READ,
  'Query.metricsHistory': READ,
  'Query.metricsLatest': READ,
  'Query.partHistory': READ,
  'Query.permissionProfiles': READ,
  'Query.permissionScopes': READ,
  'Query.run': READ,
  'Query.runHistory': READ,
  'Query.runPreview': RUN,
  'Query.server': READ,
  'Query.serverGrants': READ,
  'Query.serverGroups': READ,
  'Query.servers': READ,
  'Query.sessions': ONESELF,
  'Query.setup': ANYBODY,
  'Query.tags': READ,
  'Query.verifyAudit': { may: [...admins, 'read'] },
  'Query.workspace': READ,
  'Query.newestChange': READ,
  'Query.workspaces': ONESELF,

  'Mutation.acceptInvitation': ANYBODY,
  'Mutation.acknowledgeIntegrityAlert': MANAGE,
  'Mutation.cancelCommand': RUN,
  'Mutation.changeMemberRole': ADMIN_CONFIRMED,
  'Mutation.changePassword': ONESELF_CONFIRMED,
  'Mutation.changeTagsOnServers': MANAGE,
  'Mutation.checkSetupCode': ANYBODY,
  'Mutation.completeSetup': ANYBODY,
  'Mutation.confirmTotp': ONESELF_CONFIRMED,
  'Mutation.createApiToken': OWN_TOKENS_CONFIRMED,
  'Mutation.createCommandTemplate': TEMPLATES,
  'Mutation.createServer': ADMIN_CONFIRMED,
  'Mutation.createServerGroup': MANAGE,
  'Mutation.createWorkspace': ONESELF,
  'Mutation.deleteCommandTemplate': TEMPLATES,
  'Mutation.deleteServer': MANAGE,
  'Mutation.deleteServerGroup': MANAGE,
  'Mutation.disableTotp': ONESELF_CONFIRMED,
  'Mutation.grantOnServer': ADMIN_CONFIRMED,
  'Mutation.inviteMember': ADMIN_CONFIRMED,
  'Mutation.leaveWorkspace': ONESELF,
  'Mutation.moveServersToGroup': MANAGE,
  'Mutation.reenrolServer': ADMIN_CONFIRMED,
  'Mutation.removeMember': ADMIN_CONFIRMED,
  'Mutation.renameWorkspace': MANAGE,
  'Mutation.rerunCommand': RUN,
  'Mutation.revokeApiToken': OWN_TOKENS_CONFIRMED,
  'Mutation.revokeInvitation': ADMIN_CONFIRMED,
  'Mutation.revokeServer': MANAGE,
  'Mutation.revokeServerGrant': ADMIN_CONFIRMED,
  'Mutation.revokeSession': ONESELF,
  'Mutation.rotateServerKey': ADMIN_CONFIRMED,
  'Mutation.runCommand': RUN,
  'Mutation.runOnServers': RUN,
  'Mutation.setServerMaintenance': MANAGE,
  'Mutation.setServerTags': MANAGE,
  'Mutation.signIn': ANYBODY,
  'Mutation.signOut': ONESELF,
  'Mutation.signOutEverywhere': ONESELF,
  'Mutation.startTotp': ONESELF_CONFIRMED,
  'Mutation.stepUp': ONESELF,
  'Mutation.stopRun': RUN,
  'Mutation.updateCommandTemplate': TEMPLATES,
  'Mutation.updateServer': MANAGE,
  'Mutation.updateServerGroup': MANAGE,

  'Subscription.commandChanged': READ,
  'Subscription.commandOutput': READ,
  'Subscription.commandTemplateChanged': READ,
  'Subscription.memberChanged': READ,
  'Subscription.metricsSampled': READ,
  'Subscription.runChanged': READ,
  'Subscription.serverChanged': READ,
  'Subscription.serverGroupChanged': READ,
  'Subscription.workspaceChanged': READ,
};

/** The agents' schema: served to agents that have shaken hands, and by published operations alone. */
export const AGENT_FIELDS = ['Query.protocolVersion', 'Mutation.publish', 'Subscription.instructions'] as const;
