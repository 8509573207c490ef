/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** The answer to an invitation. Somebody without an account also gives a name and a password */
export type AcceptInvitationInput = {
  /** What will hold the session token */
  client?: SessionClient;
  /** The code */
  code: string;
  /** Name shown to others; for a new account */
  displayName?: string | null | undefined;
  /** Password of at least 12 characters; for a new account */
  password?: string | null | undefined;
};

/** Whose integrity alert somebody has looked into */
export type AcknowledgeIntegrityAlertInput = {
  /** The server */
  serverId: string | number;
};

/** What somebody acts by */
export type ActorKind =
  /** The agent of a server */
  | 'AGENT'
  /** An API token of a person */
  | 'API_TOKEN'
  /** A job of the control plane */
  | 'SYSTEM'
  /** A session of a person */
  | 'USER';

/** What an API token may be used for; never more than its person may do at the time */
export type ApiTokenScope =
  /** Change servers, groups, templates and the workspace */
  | 'MANAGE'
  /** See what its person sees */
  | 'READ'
  /** Run commands */
  | 'RUN';

/** Which entries; all that is given must hold */
export type AuditFilterInput = {
  /** What was done, exactly */
  action?: string | null | undefined;
  /** Who did it, exactly */
  actorId?: string | number | null | undefined;
  /** Not before this time */
  from?: string | null | undefined;
  /** Part of the action, the target’s id or the detail; upper and lower case are the same */
  search?: string | null | undefined;
  /** What it was done to, exactly */
  targetId?: string | number | null | undefined;
  /** Before this time */
  to?: string | null | undefined;
};

/** What is wrong with an audit chain */
export type AuditProblemKind =
  /** The chain is whole but not the one whose places were signed and kept outside the database */
  | 'ANCHOR_CONTRADICTS'
  /** A place kept outside the database bears no valid signature */
  | 'ANCHOR_FORGED'
  /** An entry is not what its hash was made of: it was changed */
  | 'HASH_WRONG'
  /** The end of the chain is not what the database has noted as its end */
  | 'HEAD_DIFFERS'
  /** An entry does not follow from the one before it: one of the two was changed or replaced */
  | 'LINK_BROKEN'
  /** An entry is not there */
  | 'MISSING'
  /** An entry stands where the chain has none */
  | 'UNEXPECTED';

/** What a request is made with */
export type CallerKind =
  /** An API token */
  | 'API_TOKEN'
  /** A session */
  | 'USER';

/** A command to be ended */
export type CancelCommandInput = {
  /** The command */
  commandId: string | number;
};

/** Another role for a member */
export type ChangeMemberRoleInput = {
  /** The member */
  personId: string | number;
  /** Their new role */
  role: WorkspaceRole;
};

/** A new password */
export type ChangePasswordInput = {
  /** At least 12 characters, and not the e-mail address */
  newPassword: string;
};

/** Tags to give to servers and to take from them */
export type ChangeTagsOnServersInput = {
  /** Tags to give */
  add?: Array<string>;
  /** Tags to take away */
  remove?: Array<string>;
  /** The servers, at most 200 */
  serverIds: Array<string | number>;
};

/** A set-up code to look at before the rest is asked for */
export type CheckSetupCodeInput = {
  /** The set-up code that the control plane printed when it started */
  code: string;
};

/** Which commands of the history */
export type CommandFilterInput = {
  /** Of this run */
  runId?: string | number | null | undefined;
  /** Whose program, arguments or script contain this text */
  search?: string | null | undefined;
  /** Of these servers */
  serverIds?: Array<string | number> | null | undefined;
  /** In any of these states */
  states?: Array<CommandState> | null | undefined;
  /** Only dead letters: expired, or interrupted with an unknown outcome */
  undelivered?: boolean;
};

/** What to execute: either argv or script */
export type CommandInput = {
  /** Program and arguments, without a shell; at most 256 and 128 KiB */
  argv?: Array<string> | null | undefined;
  /** Start only while fewer than this many commands run; the server’s own limit if not given */
  concurrency?: number | null | undefined;
  /** Environment beside the clean default one */
  environment?: Array<EnvironmentVariableInput> | null | undefined;
  /** May be run again after an interruption whose outcome is unknown */
  idempotent?: boolean;
  /** What runs the script; sh if not given */
  interpreter?: Interpreter | null | undefined;
  /** Higher starts first, -100 to 100 */
  priority?: number;
  /** A shell script, at most 256 KiB */
  script?: string | null | undefined;
  /** Standard input, at most 256 KiB */
  stdin?: string | null | undefined;
  /** Time-out in milliseconds, 100 to 86400000 */
  timeoutMs?: number;
  /** User of the host to run as; the agent’s own if not given */
  user?: string | null | undefined;
  /** Absolute working directory; the user’s home if not given */
  workingDirectory?: string | null | undefined;
};

/** Where a command stands; everything from SUCCEEDED on is final */
export type CommandState =
  /** It was ended or taken back on request */
  | 'CANCELLED'
  /** The agent has it on its disk */
  | 'DELIVERED'
  /** It was not started before it expired */
  | 'EXPIRED'
  /** It ended otherwise, or could not be started */
  | 'FAILED'
  /** It was cut short, or what became of it is not known */
  | 'INTERRUPTED'
  /** Waits for its server */
  | 'QUEUED'
  /** The agent has started it */
  | 'RUNNING'
  /** It ended with exit code 0 */
  | 'SUCCEEDED'
  /** It was ended because its time was up */
  | 'TIMED_OUT'
  /** The host’s own policy or the agent refused it */
  | 'VETOED';

/** The owner and the first workspace */
export type CompleteSetupInput = {
  /** What will hold the session token */
  client?: SessionClient;
  /** The set-up code that the control plane printed when it started */
  code: string;
  /** Name of the owner, shown to others */
  displayName: string;
  /** E-mail address of the owner, to sign in with */
  email: string;
  /** Password of the owner: at least 12 characters */
  password: string;
  /** Name of the first workspace */
  workspaceName: string;
};

/** The first code of a new authenticator */
export type ConfirmTotpInput = {
  /** Six digits that the app shows now */
  code: string;
};

/** A new API token */
export type CreateApiTokenInput = {
  /** Days until it ends, 1 to 366; it does not end by itself without */
  expiresInDays?: number | null | undefined;
  /** Of your choice, 1 to 100 characters. The same key from the same caller makes nothing twice */
  idempotencyKey: string;
  /** Name to recognise it by */
  name: string;
  /** What it may be used for */
  scopes: Array<ApiTokenScope>;
};

/** A new group */
export type CreateServerGroupInput = {
  /** Colour as #rrggbb */
  colour?: string | null | undefined;
  /** Of your choice, 1 to 100 characters. The same key from the same caller makes nothing twice */
  idempotencyKey: string;
  /** Name, 1 to 100 characters */
  name: string;
  /** The group it shall lie in; none: at the top */
  parentId?: string | number | null | undefined;
};

/** A new server. Give either a profile or scopes. */
export type CreateServerInput = {
  /** How many commands may run on it at once, 1 to 16 */
  concurrency?: number;
  /** What it is for, at most 1,000 characters */
  description?: string;
  /** The group to put it in */
  groupId?: string | number | null | undefined;
  /** Of your choice, 1 to 100 characters. The same key from the same caller makes nothing twice; while the server is pending, it gives a new token */
  idempotencyKey: string;
  /** Name, 1 to 100 characters, unique in the workspace */
  name: string;
  /** Permission profile */
  profile?: PermissionProfileName | null | undefined;
  /** Whether dangerous work on it needs a second person */
  protected?: boolean;
  /** Scopes, in place of a profile */
  scopes?: Array<PermissionScope> | null | undefined;
  /** Tags, at most 32 */
  tags?: Array<string>;
};

/** A new workspace */
export type CreateWorkspaceInput = {
  /** Of your choice, 1 to 100 characters. The same key from the same caller makes nothing twice */
  idempotencyKey: string;
  /** Name of the workspace */
  name: string;
};

/** Which group to delete, and where its contents go */
export type DeleteServerGroupInput = {
  /** The group */
  groupId: string | number;
  /** The group that takes its servers and groups; null: the top. Left out: only an empty group is deleted */
  moveContentsToId?: string | number | null | undefined;
};

/** A server to be deleted */
export type DeleteServerInput = {
  /** The server */
  serverId: string | number;
};

/** A variable of the command’s environment */
export type EnvironmentVariableInput = {
  /** Name */
  name: string;
  /** Value. It is never shown again, but it is no place for secrets. */
  value: string;
};

/** What is measured of a whole host */
export type HostFigure =
  /** Time busy, of all cores together (percent, 0 to 100) */
  | 'CPU_PCT'
  /** Read from disks (KiB per second) */
  | 'DISK_READ_KIBS'
  /** Used space of all real file systems (MiB) */
  | 'DISK_USED_MIB'
  /** Written to disks (KiB per second) */
  | 'DISK_WRITE_KIBS'
  /** Inodes in use of the fullest file system (percent, 0 to 100) */
  | 'INODES_USED_PCT'
  /** Time waiting for disks (percent, 0 to 100) */
  | 'IOWAIT_PCT'
  /** Load average over 1 minute (load average) */
  | 'LOAD1'
  /** Load average over 5 minutes (load average) */
  | 'LOAD5'
  /** Load average over 15 minutes (load average) */
  | 'LOAD15'
  /** Memory available without swapping (MiB) */
  | 'MEM_AVAILABLE_MIB'
  /** Memory in use (MiB) */
  | 'MEM_USED_MIB'
  /** Received from the network (KiB per second) */
  | 'NET_RX_KIBS'
  /** Sent to the network (KiB per second) */
  | 'NET_TX_KIBS'
  /** Processes (number) */
  | 'PROCESS_COUNT'
  /** Time in which some task waited for a core (percent, 0 to 100) */
  | 'PSI_CPU_PCT'
  /** Time in which some task waited for a disk (percent, 0 to 100) */
  | 'PSI_IO_PCT'
  /** Time in which some task waited for memory (percent, 0 to 100) */
  | 'PSI_MEMORY_PCT'
  /** Time taken by the hypervisor (percent, 0 to 100) */
  | 'STEAL_PCT'
  /** Swap in use (MiB) */
  | 'SWAP_USED_MIB';

/** What runs a script */
export type Interpreter =
  /** bash, where the host has it */
  | 'BASH'
  /** /bin/sh */
  | 'SH';

/** Whom to invite, and as what */
export type InviteMemberInput = {
  /** E-mail address; nobody else can accept */
  email: string;
  /** Of your choice, 1 to 100 characters. The same key from the same caller makes nothing twice */
  idempotencyKey: string;
  /** Role that they get */
  role: WorkspaceRole;
};

/** Whose samples */
export type LatestMetricsFilterInput = {
  /** Of these servers, 1 to 200 */
  serverIds?: Array<string | number> | null | undefined;
};

/** Which figures of which servers, and when */
export type MetricsHistoryInput = {
  /** What was measured. Servers, figures and maxPoints multiplied are at most 200,000 */
  figures: Array<HostFigure>;
  /** Begin of the range */
  from: string;
  /** Points of a series at most, from 1 to 2,000: the width of a point follows from it and the range */
  maxPoints?: number;
  /** From 1 to 50 servers */
  serverIds: Array<string | number>;
  /** End of the range, not in it; at most 10 years after its begin */
  to: string;
};

/** Servers to put into a group */
export type MoveServersToGroupInput = {
  /** The group; none: out of every group */
  groupId?: string | number | null | undefined;
  /** The servers, at most 200 */
  serverIds: Array<string | number>;
};

/** Whether it is known what the command has done */
export type Outcome =
  /** Known */
  | 'KNOWN'
  /** The effect may or may not have happened */
  | 'UNKNOWN';

/** Where a command wrote to */
export type OutputStream =
  /** Standard error */
  | 'STDERR'
  /** Standard output */
  | 'STDOUT';

/** A named set of scopes */
export type PermissionProfileName =
  /** Scopes that were chosen one by one */
  | 'CUSTOM'
  /** Everything, also as any user of the host */
  | 'FULL_ACCESS'
  /** Run commands and scripts as the agent’s user */
  | 'OPERATOR'
  /** See the host and its figures; nothing can be changed */
  | 'READ_ONLY';

/** Something the control plane may do on a server */
export type PermissionScope =
  /** Run a program with its arguments, without a shell */
  | 'EXEC'
  /** Read figures of the host: CPU, memory, disks, network, pressure */
  | 'METRICS'
  /** Run commands as a user other than the agent’s own */
  | 'RUN_AS'
  /** Run a shell script */
  | 'SHELL';

/** A server whose agent shall be enrolled anew */
export type ReenrolServerInput = {
  /** Also when its agent is connected, which is cut off once the token is used */
  replaceOnline?: boolean;
  /** The server */
  serverId: string | number;
};

/** A member to take out of the workspace */
export type RemoveMemberInput = {
  /** The member */
  personId: string | number;
};

/** Another name for the workspace */
export type RenameWorkspaceInput = {
  /** The new name */
  name: string;
};

/** A command that is to be run again */
export type RerunCommandInput = {
  /** The earlier command */
  commandId: string | number;
  /** How long it may wait, in milliseconds; at most 7 days */
  expiresInMs?: number;
  /** Of your choice, 1 to 100 characters. The same key from the same caller makes nothing twice */
  idempotencyKey: string;
  /** What happens while the server is offline */
  whenOffline?: WhenOffline;
};

/** An API token to be ended */
export type RevokeApiTokenInput = {
  /** The token */
  apiTokenId: string | number;
};

/** An invitation to be taken back */
export type RevokeInvitationInput = {
  /** The invitation */
  invitationId: string | number;
};

/** A server whose agent shall no longer be trusted */
export type RevokeServerInput = {
  /** The server */
  serverId: string | number;
};

/** A session to be ended */
export type RevokeSessionInput = {
  /** The session */
  sessionId: string | number;
};

/** A server whose agent shall change its key */
export type RotateServerKeyInput = {
  /** The server */
  serverId: string | number;
};

/** A command for one server */
export type RunCommandInput = {
  /** What to execute; this or templateId */
  command?: CommandInput | null | undefined;
  /** How long it may wait, in milliseconds; at most 7 days */
  expiresInMs?: number;
  /** Of your choice, 1 to 100 characters. The same key from the same caller makes nothing twice */
  idempotencyKey: string;
  /** The server */
  serverId: string | number;
  /** The saved command to execute; this or command */
  templateId?: string | number | null | undefined;
  /** What happens while the server is offline */
  whenOffline?: WhenOffline;
};

/** One command on many servers */
export type RunOnServersInput = {
  /** Pause between batches in milliseconds, at most an hour */
  batchPauseMs?: number;
  /** Servers at a time, 1 to 1000 */
  batchSize?: number;
  /** A first batch of this many servers, before the others; 0: none */
  canarySize?: number;
  /** What to execute; this or templateId */
  command?: CommandInput | null | undefined;
  /** How long it may wait, in milliseconds; at most 7 days */
  expiresInMs?: number;
  /** Of your choice, 1 to 100 characters. The same key from the same caller makes nothing twice */
  idempotencyKey: string;
  /** Stop after this many failures; never if not given */
  maxFailures?: number | null | undefined;
  /** Which servers */
  target: TargetInput;
  /** The saved command to execute; this or command */
  templateId?: string | number | null | undefined;
  /** What happens while the server is offline */
  whenOffline?: WhenOffline;
};

/** Where a run over many servers stands */
export type RunState =
  /** Every command has ended */
  | 'FINISHED'
  /** Commands are under way or wait for their batch */
  | 'RUNNING'
  /** It ended before all servers had their turn */
  | 'STOPPED'
  /** Nothing new starts; what runs is coming to its end */
  | 'STOPPING';

/** Which servers; all that is given must fit. An empty list fits nothing. */
export type ServerFilterInput = {
  /** In this group or in a group inside it */
  groupId?: string | number | null | undefined;
  /** Text in name, description, host name or addresses */
  search?: string | null | undefined;
  /** These servers, at most 200 */
  serverIds?: Array<string | number> | null | undefined;
  /** In one of these states */
  states?: Array<ServerState> | null | undefined;
  /** With every one of these tags */
  tagsAll?: Array<string> | null | undefined;
  /** With at least one of these tags */
  tagsAny?: Array<string> | null | undefined;
};

/** What servers are sorted by */
export type ServerOrder =
  /** Added last comes first */
  | 'CREATED'
  /** Heard of last comes first */
  | 'LAST_SEEN'
  /** By name */
  | 'NAME';

/** Why one of several servers was not changed */
export type ServerProblem =
  /** You may not change this server */
  | 'FORBIDDEN'
  /** The workspace has no server of that id */
  | 'NOT_FOUND'
  /** It would have more tags than a server may have */
  | 'TOO_MANY_TAGS';

/** How a server is doing */
export type ServerState =
  /** Its agent is connected, but something is wrong: stateReason says what */
  | 'DEGRADED'
  /** Somebody works on it; whether its agent is connected says `connected` */
  | 'MAINTENANCE'
  /** Its agent is not connected */
  | 'OFFLINE'
  /** Its agent is connected and all its checks pass */
  | 'ONLINE'
  /** Added; its agent has not been enrolled yet */
  | 'PENDING'
  /** Its agent is no longer trusted */
  | 'REVOKED';

/** What holds the session token */
export type SessionClient =
  /** A browser, in a cookie that scripts cannot read */
  | 'BROWSER'
  /** A program, which sends it as bearer token */
  | 'CLI';

/** Whether somebody works on a server */
export type SetServerMaintenanceInput = {
  /** Whether it is in maintenance */
  maintenance: boolean;
  /** The server */
  serverId: string | number;
};

/** Who signs in, and how they prove it */
export type SignInInput = {
  /** What will hold the session token */
  client?: SessionClient;
  /** E-mail address of the account */
  email: string;
  /** Password of the account */
  password: string;
  /** A recovery code, in place of the authenticator app; used up by it */
  recoveryCode?: string | null | undefined;
  /** Six digits of the authenticator app */
  totpCode?: string | null | undefined;
};

/** Proof that it is still the person who signed in */
export type StepUpInput = {
  /** Password of the account */
  password: string;
  /** A recovery code, in place of the authenticator app; used up by it */
  recoveryCode?: string | null | undefined;
  /** Six digits of the authenticator app */
  totpCode?: string | null | undefined;
};

/** A run to be stopped */
export type StopRunInput = {
  /** The run */
  runId: string | number;
};

/** Which servers are meant: what is given adds up; nothing given means none */
export type TargetInput = {
  /** Every server on which the caller may run commands */
  all?: boolean;
  /** Not these */
  excludeServerIds?: Array<string | number> | null | undefined;
  /** Servers of these groups and the groups inside them */
  groupIds?: Array<string | number> | null | undefined;
  /** These servers */
  serverIds?: Array<string | number> | null | undefined;
  /** Servers with any of these tags */
  tags?: Array<string> | null | undefined;
};

/** What to change of a group; what is left out stays */
export type UpdateServerGroupInput = {
  /** Colour as #rrggbb; null: none */
  colour?: string | null | undefined;
  /** The group */
  groupId: string | number;
  /** Name, 1 to 100 characters */
  name?: string | null | undefined;
  /** The group it shall lie in; null: at the top */
  parentId?: string | number | null | undefined;
};

/** What to change of a server; what is left out stays */
export type UpdateServerInput = {
  /** How many commands may run on it at once, 1 to 16 */
  concurrency?: number | null | undefined;
  /** Description, at most 1,000 characters */
  description?: string | null | undefined;
  /** The group it lies in; null: none */
  groupId?: string | number | null | undefined;
  /** Name, 1 to 100 characters */
  name?: string | null | undefined;
  /** Permission profile; CUSTOM follows from scopes alone */
  profile?: PermissionProfileName | null | undefined;
  /** Whether it is marked as one to be careful with; nothing asks for a second person yet */
  protected?: boolean | null | undefined;
  /** Scopes, in place of a profile */
  scopes?: Array<PermissionScope> | null | undefined;
  /** The server */
  serverId: string | number;
};

/** What happens with servers that are offline */
export type WhenOffline =
  /** They get it when they are back, unless it has expired */
  | 'DELIVER'
  /** They are left out, and said so */
  | 'SKIP';

/** What a member may do; each role may do what those before it may */
export type WorkspaceRole =
  /** Manage servers, enrolment and members up to admin */
  | 'ADMIN'
  /** Run saved commands that are marked deployable */
  | 'DEPLOYER'
  /** Run commands */
  | 'OPERATOR'
  /** Everything, owners and the workspace itself included */
  | 'OWNER'
  /** Read everything but secrets, file contents and terminals */
  | 'VIEWER';

export type ListAuditQueryVariables = Exact<{
  filter?: AuditFilterInput | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type ListAuditQuery = { auditEntries: { nodes: Array<{ sequence: number, at: string, action: string, actorKind: string, actorId: string, targetKind: string, targetId: string, detail: string, intentDigest: string, previousHash: string, hash: string, actorPerson: { id: string, email: string, displayName: string } | null }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type VerifyAuditQueryVariables = Exact<{ [key: string]: never; }>;


export type VerifyAuditQuery = { verifyAudit: { intact: boolean, checkedEntries: number, baseSequence: number, headSequence: number, headHash: string | null, anchorCount: number, lastAnchoredSequence: number | null, unreadableAnchors: number, problem: { kind: AuditProblemKind, sequence: number, message: string } | null } };

export type RunCommandMutationVariables = Exact<{
  input: RunCommandInput;
}>;


export type RunCommandMutation = { runCommand:
    | { __typename: 'AgentOffline', code: string, message: string }
    | { __typename: 'Command', id: string, state: CommandState, serverId: string }
    | { __typename: 'QueueFull', code: string, message: string }
    | { __typename: 'ScopeMissing', code: string, message: string }
    | { __typename: 'ServerNotReady', code: string, message: string }
   };

export type RerunCommandMutationVariables = Exact<{
  input: RerunCommandInput;
}>;


export type RerunCommandMutation = { rerunCommand:
    | { __typename: 'AgentOffline', code: string, message: string }
    | { __typename: 'Command', id: string, state: CommandState, serverId: string }
    | { __typename: 'QueueFull', code: string, message: string }
    | { __typename: 'ScopeMissing', code: string, message: string }
    | { __typename: 'ServerNotReady', code: string, message: string }
   };

export type CancelCommandMutationVariables = Exact<{
  input: CancelCommandInput;
}>;


export type CancelCommandMutation = { cancelCommand:
    | { __typename: 'AlreadyFinished', code: string, message: string }
    | { __typename: 'Command', id: string, state: CommandState, cancelRequestedAt: string | null }
   };

export type ShowCommandQueryVariables = Exact<{
  id: string | number;
}>;


export type ShowCommandQuery = { command: { id: string, serverId: string, runId: string | null, state: CommandState, outcome: Outcome | null, exitCode: number | null, signal: string | null, reason: string | null, createdAt: string, deliveredAt: string | null, startedAt: string | null, finishedAt: string | null, expiresAt: string, durationMs: number | null, timeoutMs: number, cancelRequestedAt: string | null, unreachableSince: string | null, priority: number, concurrency: number, idempotent: boolean, rerunOfId: string | null, stdoutBytes: number, stderrBytes: number, actor: { kind: ActorKind, id: string, person: { id: string, email: string, displayName: string } | null }, program: { argv: Array<string> | null, script: string | null, interpreter: Interpreter | null, user: string | null, workingDirectory: string | null, environmentNames: Array<string>, hasStdin: boolean }, lateResult: { state: CommandState, exitCode: number | null, reason: string | null, at: string } | null } };

export type CommandHistoryQueryVariables = Exact<{
  filter?: CommandFilterInput | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type CommandHistoryQuery = { commandHistory: { nodes: Array<{ id: string, serverId: string, runId: string | null, state: CommandState, exitCode: number | null, signal: string | null, reason: string | null, createdAt: string, durationMs: number | null, stdoutBytes: number, stderrBytes: number, program: { argv: Array<string> | null, script: string | null } }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type CommandOutputSubscriptionVariables = Exact<{
  commandId: string | number;
  afterSeq?: number | null | undefined;
}>;


export type CommandOutputSubscription = { commandOutput: { seq: number, stream: OutputStream | null, data: string, missingBytes: number, end: boolean } };

export type CommandIdsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type CommandIdsQuery = { commandHistory: { nodes: Array<{ id: string }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type LatestMetricsQueryVariables = Exact<{
  filter?: LatestMetricsFilterInput | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type LatestMetricsQuery = { metricsLatest: { nodes: Array<{ serverId: string, sample: { at: string, cpuPct: number, load1: number, load5: number, load15: number, iowaitPct: number, stealPct: number, memUsedMib: number, memAvailableMib: number, swapUsedMib: number, diskUsedMib: number, inodesUsedPct: number | null, diskReadKibs: number, diskWriteKibs: number, netRxKibs: number, netTxKibs: number, psiCpuPct: number | null, psiIoPct: number | null, psiMemoryPct: number | null, processCount: number } | null }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type MetricsHistoryQueryVariables = Exact<{
  input: MetricsHistoryInput;
}>;


export type MetricsHistoryQuery = { metricsHistory: { stepSeconds: number, tierSeconds: number, times: Array<string>, series: Array<{ serverId: string, figure: HostFigure, avg: Array<number | null>, max: Array<number | null> }> } };

export type WatchMetricsSubscriptionVariables = Exact<{
  serverIds: Array<string | number> | string | number;
}>;


export type WatchMetricsSubscription = { metricsSampled: { seq: number, serverId: string, gap: boolean, sample: { at: string, cpuPct: number, load1: number, memUsedMib: number, memAvailableMib: number, diskUsedMib: number, netRxKibs: number, netTxKibs: number } } };

export type SetupStateQueryVariables = Exact<{ [key: string]: never; }>;


export type SetupStateQuery = { setup: { completed: boolean } };

export type CheckSetupCodeMutationVariables = Exact<{
  input: CheckSetupCodeInput;
}>;


export type CheckSetupCodeMutation = { checkSetupCode:
    | { __typename: 'SetupRefused', completed: boolean, code: string, message: string }
    | { __typename: 'SetupState' }
   };

export type CompleteSetupMutationVariables = Exact<{
  input: CompleteSetupInput;
}>;


export type CompleteSetupMutation = { completeSetup:
    | { __typename: 'SetupRefused', completed: boolean, code: string, message: string }
    | { __typename: 'SignedIn', token: string | null, person: { id: string, email: string, displayName: string } }
   };

export type SignInMutationVariables = Exact<{
  input: SignInInput;
}>;


export type SignInMutation = { signIn:
    | { __typename: 'SecondFactorRefused', code: string, message: string }
    | { __typename: 'SecondFactorRequired', code: string, message: string }
    | { __typename: 'SignInRefused', code: string, message: string }
    | { __typename: 'SignedIn', token: string | null, person: { id: string, email: string, displayName: string } }
   };

export type StepUpMutationVariables = Exact<{
  input: StepUpInput;
}>;


export type StepUpMutation = { stepUp:
    | { __typename: 'SecondFactorRefused', code: string, message: string }
    | { __typename: 'SecondFactorRequired', code: string, message: string }
    | { __typename: 'SignInRefused', code: string, message: string }
    | { __typename: 'SignedIn', token: string | null }
   };

export type SignOutMutationVariables = Exact<{ [key: string]: never; }>;


export type SignOutMutation = { signOut: { sessionsEnded: number } };

export type SignOutEverywhereMutationVariables = Exact<{ [key: string]: never; }>;


export type SignOutEverywhereMutation = { signOutEverywhere: { sessionsEnded: number } };

export type WhoAmIQueryVariables = Exact<{ [key: string]: never; }>;


export type WhoAmIQuery = { caller: { kind: CallerKind, role: WorkspaceRole, scopes: Array<ApiTokenScope> | null, person: { id: string, email: string, displayName: string }, workspace: { id: string, name: string } } };

export type ChangePasswordMutationVariables = Exact<{
  input: ChangePasswordInput;
}>;


export type ChangePasswordMutation = { changePassword: { sessionsEnded: number } };

export type StartTotpMutationVariables = Exact<{ [key: string]: never; }>;


export type StartTotpMutation = { startTotp:
    | { __typename: 'TotpInUse', code: string, message: string }
    | { __typename: 'TotpStarted', secret: string, otpauthUri: string }
   };

export type ConfirmTotpMutationVariables = Exact<{
  input: ConfirmTotpInput;
}>;


export type ConfirmTotpMutation = { confirmTotp:
    | { __typename: 'SecondFactorRefused', code: string, message: string }
    | { __typename: 'TotpConfirmed', recoveryCodes: Array<string>, sessionsEnded: number }
    | { __typename: 'TotpMissing', code: string, message: string }
   };

export type DisableTotpMutationVariables = Exact<{ [key: string]: never; }>;


export type DisableTotpMutation = { disableTotp:
    | { __typename: 'TotpDisabled', sessionsEnded: number }
    | { __typename: 'TotpMissing', code: string, message: string }
   };

export type ListSessionsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type ListSessionsQuery = { sessions: { nodes: Array<{ id: string, client: SessionClient, userAgent: string, address: string, createdAt: string, lastUsedAt: string, expiresAt: string, secondFactor: boolean, isCurrent: boolean }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type RevokeSessionMutationVariables = Exact<{
  input: RevokeSessionInput;
}>;


export type RevokeSessionMutation = { revokeSession: { id: string } };

export type StartRunMutationVariables = Exact<{
  input: RunOnServersInput;
}>;


export type StartRunMutation = { runOnServers:
    | { __typename: 'NoTargets', offlineCount: number, code: string, message: string }
    | { __typename: 'QueueFull', code: string, message: string }
    | { __typename: 'Run', id: string, serverCount: number, skippedServerIds: Array<string> }
    | { __typename: 'ScopeMissing', code: string, message: string }
    | { __typename: 'TooManyTargets', code: string, message: string }
   };

export type PreviewRunQueryVariables = Exact<{
  target: TargetInput;
}>;


export type PreviewRunQuery = { runPreview: { serverCount: number, offlineCount: number, notReadyCount: number, servers: Array<{ id: string, name: string }>, offline: Array<{ id: string, name: string }>, notReady: Array<{ id: string, name: string }> } };

export type ShowRunQueryVariables = Exact<{
  id: string | number;
}>;


export type ShowRunQuery = { run: { id: string, state: RunState, stopReason: string | null, serverCount: number, skippedServerIds: Array<string>, batchSize: number, batchPauseMs: number, maxFailures: number | null, createdAt: string, finishedAt: string | null, actor: { kind: ActorKind, id: string, person: { id: string, email: string, displayName: string } | null }, progress: Array<{ state: CommandState, count: number }> } };

export type ListRunsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type ListRunsQuery = { runHistory: { nodes: Array<{ id: string, state: RunState, stopReason: string | null, serverCount: number, createdAt: string, finishedAt: string | null, progress: Array<{ state: CommandState, count: number }> }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type StopRunMutationVariables = Exact<{
  input: StopRunInput;
}>;


export type StopRunMutation = { stopRun:
    | { __typename: 'AlreadyFinished', code: string, message: string }
    | { __typename: 'Run', id: string, state: RunState }
   };

export type RunChangedSubscriptionVariables = Exact<{
  runIds: Array<string | number> | string | number;
  afterSeq?: number | null | undefined;
}>;


export type RunChangedSubscription = { runChanged: { seq: number, run: { id: string, state: RunState } } };

export type RunIdsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type RunIdsQuery = { runHistory: { nodes: Array<{ id: string }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type ListGroupsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type ListGroupsQuery = { serverGroups: { nodes: Array<{ id: string, name: string, colour: string | null, parentId: string | null, serverCount: number }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type CreateGroupMutationVariables = Exact<{
  input: CreateServerGroupInput;
}>;


export type CreateGroupMutation = { createServerGroup:
    | { __typename: 'GroupNameTaken', code: string, message: string }
    | { __typename: 'GroupNotFound', code: string, message: string }
    | { __typename: 'GroupTooDeep', code: string, message: string }
    | { __typename: 'QuotaReached', code: string, message: string }
    | { __typename: 'ServerGroup', id: string, name: string }
   };

export type UpdateGroupMutationVariables = Exact<{
  input: UpdateServerGroupInput;
}>;


export type UpdateGroupMutation = { updateServerGroup:
    | { __typename: 'GroupCycle', code: string, message: string }
    | { __typename: 'GroupNameTaken', code: string, message: string }
    | { __typename: 'GroupNotFound', code: string, message: string }
    | { __typename: 'GroupTooDeep', code: string, message: string }
    | { __typename: 'ServerGroup', id: string, name: string }
   };

export type DeleteGroupMutationVariables = Exact<{
  input: DeleteServerGroupInput;
}>;


export type DeleteGroupMutation = { deleteServerGroup:
    | { __typename: 'GroupCycle', code: string, message: string }
    | { __typename: 'GroupNameTaken', code: string, message: string }
    | { __typename: 'GroupNotEmpty', code: string, message: string }
    | { __typename: 'GroupNotFound', code: string, message: string }
    | { __typename: 'GroupTooDeep', code: string, message: string }
    | { __typename: 'ServerGroupDeleted', id: string }
   };

export type ListServersQueryVariables = Exact<{
  filter?: ServerFilterInput | null | undefined;
  orderBy: ServerOrder;
  first: number;
  after?: string | null | undefined;
}>;


export type ListServersQuery = { servers: { nodes: Array<{ id: string, name: string, state: ServerState, stateReason: string, connected: boolean, lastSeenAt: string | null, latencyMs: number | null, tags: Array<string>, automaticTags: Array<string>, agentVersion: string | null, integrityAlert: { raisedAt: string, reason: string, commandId: string, count: number } | null, group: { id: string, name: string } | null }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type ServerNamesQueryVariables = Exact<{
  filter?: ServerFilterInput | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type ServerNamesQuery = { servers: { nodes: Array<{ id: string, name: string }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type ShowServerQueryVariables = Exact<{
  id: string | number;
}>;


export type ShowServerQuery = { server: { id: string, name: string, description: string, state: ServerState, stateReason: string, connected: boolean, connectedAt: string | null, lastSeenAt: string | null, latencyMs: number | null, disconnectReason: string | null, duplicateIdentity: boolean, queueHeld: boolean, tags: Array<string>, automaticTags: Array<string>, profile: PermissionProfileName, scopes: Array<PermissionScope>, protected: boolean, maintenance: boolean, concurrency: number, agentVersion: string | null, protocolVersion: number | null, createdAt: string, enrolledAt: string | null, integrityAlert: { raisedAt: string, reason: string, commandId: string, count: number } | null, group: { id: string, name: string } | null, healthChecks: Array<{ name: string, ok: boolean, message: string | null }>, facts: { hostname: string, addresses: Array<string>, osName: string, osVersion: string, kernel: string, architecture: string, virtualisation: string | null, cpuModel: string, cpuCount: number, memoryMib: number, swapMib: number, diskMib: number, bootedAt: string, systemd: boolean, agentUser: string, reportedAt: string } | null, connections: { nodes: Array<{ id: string, address: string, agentVersion: string, connectedAt: string, disconnectedAt: string | null, disconnectReason: string | null }> } } };

export type WatchServersSubscriptionVariables = Exact<{
  afterSeq?: number | null | undefined;
  serverIds?: Array<string | number> | string | number | null | undefined;
}>;


export type WatchServersSubscription = { serverChanged: { seq: number, serverId: string, server: { id: string, name: string, state: ServerState, stateReason: string, connected: boolean, lastSeenAt: string | null, latencyMs: number | null, integrityAlert: { raisedAt: string, reason: string, commandId: string, count: number } | null } | null } };

export type CreateServerMutationVariables = Exact<{
  input: CreateServerInput;
}>;


export type CreateServerMutation = { createServer:
    | { __typename: 'GroupNotFound', code: string, message: string }
    | { __typename: 'ServerEnrolment', server: { id: string, name: string, profile: PermissionProfileName, scopes: Array<PermissionScope> }, enrolment: { command: string, installCommand: string, installCommandWithWget: string, token: string, rootFingerprint: string, expiresAt: string } | null }
    | { __typename: 'ServerNameTaken', code: string, message: string }
   };

export type ReenrolServerMutationVariables = Exact<{
  input: ReenrolServerInput;
}>;


export type ReenrolServerMutation = { reenrolServer:
    | { __typename: 'ServerEnrolment', server: { id: string, name: string, profile: PermissionProfileName, scopes: Array<PermissionScope> }, enrolment: { command: string, installCommand: string, installCommandWithWget: string, token: string, rootFingerprint: string, expiresAt: string } | null }
    | { __typename: 'ServerOnline', code: string, message: string }
   };

export type UpdateServerMutationVariables = Exact<{
  input: UpdateServerInput;
}>;


export type UpdateServerMutation = { updateServer:
    | { __typename: 'GroupNotFound', code: string, message: string }
    | { __typename: 'Server', id: string, name: string, description: string, profile: PermissionProfileName, scopes: Array<PermissionScope>, protected: boolean, concurrency: number }
    | { __typename: 'ServerNameTaken', code: string, message: string }
   };

export type ChangeTagsOnServersMutationVariables = Exact<{
  input: ChangeTagsOnServersInput;
}>;


export type ChangeTagsOnServersMutation = { changeTagsOnServers: { outcomes: Array<{ serverId: string, problem: ServerProblem | null, server: { id: string, name: string, tags: Array<string>, automaticTags: Array<string> } | null }> } };

export type MoveServersToGroupMutationVariables = Exact<{
  input: MoveServersToGroupInput;
}>;


export type MoveServersToGroupMutation = { moveServersToGroup:
    | { __typename: 'GroupNotFound', code: string, message: string }
    | { __typename: 'ServerOutcomes', outcomes: Array<{ serverId: string, problem: ServerProblem | null, server: { id: string, name: string, group: { id: string, name: string } | null } | null }> }
   };

export type SetServerMaintenanceMutationVariables = Exact<{
  input: SetServerMaintenanceInput;
}>;


export type SetServerMaintenanceMutation = { setServerMaintenance: { id: string, name: string, maintenance: boolean, state: ServerState, stateReason: string } };

export type RevokeServerMutationVariables = Exact<{
  input: RevokeServerInput;
}>;


export type RevokeServerMutation = { revokeServer: { id: string, name: string, state: ServerState } };

export type RotateServerKeyMutationVariables = Exact<{
  input: RotateServerKeyInput;
}>;


export type RotateServerKeyMutation = { rotateServerKey:
    | { __typename: 'AgentTooOld', code: string, message: string }
    | { __typename: 'Server', id: string, name: string, connected: boolean }
    | { __typename: 'ServerNotEnrolled', code: string, message: string }
   };

export type DeleteServerMutationVariables = Exact<{
  input: DeleteServerInput;
}>;


export type DeleteServerMutation = { deleteServer:
    | { __typename: 'ServerDeleted', id: string }
    | { __typename: 'ServerNotRevoked', code: string, message: string }
   };

export type AcknowledgeIntegrityAlertMutationVariables = Exact<{
  input: AcknowledgeIntegrityAlertInput;
}>;


export type AcknowledgeIntegrityAlertMutation = { acknowledgeIntegrityAlert:
    | { __typename: 'NoIntegrityAlert', code: string, message: string }
    | { __typename: 'Server', id: string, name: string }
   };

export type NewestChangeQueryVariables = Exact<{ [key: string]: never; }>;


export type NewestChangeQuery = { newestChange: number };

export type ServerStatesQueryVariables = Exact<{
  filter?: ServerFilterInput | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type ServerStatesQuery = { servers: { nodes: Array<{ id: string, name: string, state: ServerState }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type ListTokensQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type ListTokensQuery = { apiTokens: { nodes: Array<{ id: string, name: string, hint: string, scopes: Array<ApiTokenScope>, createdAt: string, expiresAt: string | null, lastUsedAt: string | null, person: { id: string, email: string } }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type CreateTokenMutationVariables = Exact<{
  input: CreateApiTokenInput;
}>;


export type CreateTokenMutation = { createApiToken:
    | { __typename: 'ApiTokenAlreadyMade', code: string, message: string }
    | { __typename: 'ApiTokenCreated', token: string, apiToken: { id: string, name: string, scopes: Array<ApiTokenScope>, expiresAt: string | null } }
    | { __typename: 'QuotaReached', code: string, message: string }
   };

export type RevokeTokenMutationVariables = Exact<{
  input: RevokeApiTokenInput;
}>;


export type RevokeTokenMutation = { revokeApiToken: { id: string } };

export type ListWorkspacesQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type ListWorkspacesQuery = { workspaces: { nodes: Array<{ role: WorkspaceRole, joinedAt: string, workspace: { id: string, name: string } }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type CreateWorkspaceMutationVariables = Exact<{
  input: CreateWorkspaceInput;
}>;


export type CreateWorkspaceMutation = { createWorkspace:
    | { __typename: 'QuotaReached', code: string, message: string }
    | { __typename: 'Workspace', id: string, name: string }
   };

export type RenameWorkspaceMutationVariables = Exact<{
  input: RenameWorkspaceInput;
}>;


export type RenameWorkspaceMutation = { renameWorkspace: { id: string, name: string } };

export type ListMembersQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type ListMembersQuery = { members: { nodes: Array<{ role: WorkspaceRole, joinedAt: string, person: { id: string, email: string, displayName: string } }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type InviteMemberMutationVariables = Exact<{
  input: InviteMemberInput;
}>;


export type InviteMemberMutation = { inviteMember:
    | { __typename: 'AlreadyMember', code: string, message: string }
    | { __typename: 'InvitationAlreadyMade', code: string, message: string }
    | { __typename: 'MemberInvited', code: string, invitation: { id: string, email: string, role: WorkspaceRole, expiresAt: string } }
    | { __typename: 'QuotaReached', code: string, message: string }
    | { __typename: 'RoleBeyondYours', code: string, message: string }
   };

export type ChangeMemberRoleMutationVariables = Exact<{
  input: ChangeMemberRoleInput;
}>;


export type ChangeMemberRoleMutation = { changeMemberRole:
    | { __typename: 'LastOwner', code: string, message: string }
    | { __typename: 'Member', role: WorkspaceRole, person: { id: string, email: string } }
    | { __typename: 'RoleBeyondYours', code: string, message: string }
   };

export type RemoveMemberMutationVariables = Exact<{
  input: RemoveMemberInput;
}>;


export type RemoveMemberMutation = { removeMember:
    | { __typename: 'LastOwner', code: string, message: string }
    | { __typename: 'MemberRemoved', person: { id: string, email: string } }
    | { __typename: 'RoleBeyondYours', code: string, message: string }
   };

export type ListInvitationsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type ListInvitationsQuery = { invitations: { nodes: Array<{ id: string, email: string, role: WorkspaceRole, createdAt: string, expiresAt: string, invitedBy: { email: string } }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } };

export type RevokeInvitationMutationVariables = Exact<{
  input: RevokeInvitationInput;
}>;


export type RevokeInvitationMutation = { revokeInvitation: { id: string } };

export type ShowInvitationQueryVariables = Exact<{
  code: string;
}>;


export type ShowInvitationQuery = { invitationOffer: { email: string, role: WorkspaceRole, workspaceName: string, inviterName: string, expiresAt: string, hasAccount: boolean } };

export type AcceptInvitationMutationVariables = Exact<{
  input: AcceptInvitationInput;
}>;


export type AcceptInvitationMutation = { acceptInvitation:
    | { __typename: 'AlreadyMember', code: string, message: string }
    | { __typename: 'InvitationAccepted', workspace: { id: string, name: string }, signedIn: { token: string | null, person: { id: string, email: string } } | null }
    | { __typename: 'InvitationRefused', code: string, message: string }
    | { __typename: 'SignInToAccept', code: string, message: string }
   };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const ListAuditDocument = new TypedDocumentString(`
    query ListAudit($filter: AuditFilterInput, $first: Int!, $after: String) {
  auditEntries(filter: $filter, first: $first, after: $after) {
    nodes {
      sequence
      at
      action
      actorKind
      actorId
      actorPerson {
        id
        email
        displayName
      }
      targetKind
      targetId
      detail
      intentDigest
      previousHash
      hash
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<ListAuditQuery, ListAuditQueryVariables>;
export const VerifyAuditDocument = new TypedDocumentString(`
    query VerifyAudit {
  verifyAudit {
    intact
    checkedEntries
    baseSequence
    headSequence
    headHash
    anchorCount
    lastAnchoredSequence
    unreadableAnchors
    problem {
      kind
      sequence
      message
    }
  }
}
    `) as unknown as TypedDocumentString<VerifyAuditQuery, VerifyAuditQueryVariables>;
export const RunCommandDocument = new TypedDocumentString(`
    mutation RunCommand($input: RunCommandInput!) {
  runCommand(input: $input) {
    __typename
    ... on Command {
      id
      state
      serverId
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<RunCommandMutation, RunCommandMutationVariables>;
export const RerunCommandDocument = new TypedDocumentString(`
    mutation RerunCommand($input: RerunCommandInput!) {
  rerunCommand(input: $input) {
    __typename
    ... on Command {
      id
      state
      serverId
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<RerunCommandMutation, RerunCommandMutationVariables>;
export const CancelCommandDocument = new TypedDocumentString(`
    mutation CancelCommand($input: CancelCommandInput!) {
  cancelCommand(input: $input) {
    __typename
    ... on Command {
      id
      state
      cancelRequestedAt
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CancelCommandMutation, CancelCommandMutationVariables>;
export const ShowCommandDocument = new TypedDocumentString(`
    query ShowCommand($id: ID!) {
  command(id: $id) {
    id
    serverId
    runId
    state
    outcome
    exitCode
    signal
    reason
    createdAt
    deliveredAt
    startedAt
    finishedAt
    expiresAt
    durationMs
    timeoutMs
    cancelRequestedAt
    unreachableSince
    priority
    concurrency
    idempotent
    rerunOfId
    stdoutBytes
    stderrBytes
    actor {
      kind
      id
      person {
        id
        email
        displayName
      }
    }
    program {
      argv
      script
      interpreter
      user
      workingDirectory
      environmentNames
      hasStdin
    }
    lateResult {
      state
      exitCode
      reason
      at
    }
  }
}
    `) as unknown as TypedDocumentString<ShowCommandQuery, ShowCommandQueryVariables>;
export const CommandHistoryDocument = new TypedDocumentString(`
    query CommandHistory($filter: CommandFilterInput, $first: Int!, $after: String) {
  commandHistory(filter: $filter, first: $first, after: $after) {
    nodes {
      id
      serverId
      runId
      state
      exitCode
      signal
      reason
      createdAt
      durationMs
      stdoutBytes
      stderrBytes
      program {
        argv
        script
      }
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<CommandHistoryQuery, CommandHistoryQueryVariables>;
export const CommandOutputDocument = new TypedDocumentString(`
    subscription CommandOutput($commandId: ID!, $afterSeq: SafeInt) {
  commandOutput(commandId: $commandId, afterSeq: $afterSeq) {
    seq
    stream
    data
    missingBytes
    end
  }
}
    `) as unknown as TypedDocumentString<CommandOutputSubscription, CommandOutputSubscriptionVariables>;
export const CommandIdsDocument = new TypedDocumentString(`
    query CommandIds($first: Int!, $after: String) {
  commandHistory(first: $first, after: $after) {
    nodes {
      id
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<CommandIdsQuery, CommandIdsQueryVariables>;
export const LatestMetricsDocument = new TypedDocumentString(`
    query LatestMetrics($filter: LatestMetricsFilterInput, $first: Int!, $after: String) {
  metricsLatest(filter: $filter, first: $first, after: $after) {
    nodes {
      serverId
      sample {
        at
        cpuPct
        load1
        load5
        load15
        iowaitPct
        stealPct
        memUsedMib
        memAvailableMib
        swapUsedMib
        diskUsedMib
        inodesUsedPct
        diskReadKibs
        diskWriteKibs
        netRxKibs
        netTxKibs
        psiCpuPct
        psiIoPct
        psiMemoryPct
        processCount
      }
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<LatestMetricsQuery, LatestMetricsQueryVariables>;
export const MetricsHistoryDocument = new TypedDocumentString(`
    query MetricsHistory($input: MetricsHistoryInput!) {
  metricsHistory(input: $input) {
    stepSeconds
    tierSeconds
    times
    series {
      serverId
      figure
      avg
      max
    }
  }
}
    `) as unknown as TypedDocumentString<MetricsHistoryQuery, MetricsHistoryQueryVariables>;
export const WatchMetricsDocument = new TypedDocumentString(`
    subscription WatchMetrics($serverIds: [ID!]!) {
  metricsSampled(serverIds: $serverIds) {
    seq
    serverId
    gap
    sample {
      at
      cpuPct
      load1
      memUsedMib
      memAvailableMib
      diskUsedMib
      netRxKibs
      netTxKibs
    }
  }
}
    `) as unknown as TypedDocumentString<WatchMetricsSubscription, WatchMetricsSubscriptionVariables>;
export const SetupStateDocument = new TypedDocumentString(`
    query SetupState {
  setup {
    completed
  }
}
    `) as unknown as TypedDocumentString<SetupStateQuery, SetupStateQueryVariables>;
export const CheckSetupCodeDocument = new TypedDocumentString(`
    mutation CheckSetupCode($input: CheckSetupCodeInput!) {
  checkSetupCode(input: $input) {
    __typename
    ... on SetupRefused {
      completed
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CheckSetupCodeMutation, CheckSetupCodeMutationVariables>;
export const CompleteSetupDocument = new TypedDocumentString(`
    mutation CompleteSetup($input: CompleteSetupInput!) {
  completeSetup(input: $input) {
    __typename
    ... on SignedIn {
      token
      person {
        id
        email
        displayName
      }
    }
    ... on SetupRefused {
      completed
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CompleteSetupMutation, CompleteSetupMutationVariables>;
export const SignInDocument = new TypedDocumentString(`
    mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    __typename
    ... on SignedIn {
      token
      person {
        id
        email
        displayName
      }
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<SignInMutation, SignInMutationVariables>;
export const StepUpDocument = new TypedDocumentString(`
    mutation StepUp($input: StepUpInput!) {
  stepUp(input: $input) {
    __typename
    ... on SignedIn {
      token
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<StepUpMutation, StepUpMutationVariables>;
export const SignOutDocument = new TypedDocumentString(`
    mutation SignOut {
  signOut {
    ... on SignedOut {
      sessionsEnded
    }
  }
}
    `) as unknown as TypedDocumentString<SignOutMutation, SignOutMutationVariables>;
export const SignOutEverywhereDocument = new TypedDocumentString(`
    mutation SignOutEverywhere {
  signOutEverywhere {
    ... on SignedOut {
      sessionsEnded
    }
  }
}
    `) as unknown as TypedDocumentString<SignOutEverywhereMutation, SignOutEverywhereMutationVariables>;
export const WhoAmIDocument = new TypedDocumentString(`
    query WhoAmI {
  caller {
    kind
    role
    scopes
    person {
      id
      email
      displayName
    }
    workspace {
      id
      name
    }
  }
}
    `) as unknown as TypedDocumentString<WhoAmIQuery, WhoAmIQueryVariables>;
export const ChangePasswordDocument = new TypedDocumentString(`
    mutation ChangePassword($input: ChangePasswordInput!) {
  changePassword(input: $input) {
    ... on PasswordChanged {
      sessionsEnded
    }
  }
}
    `) as unknown as TypedDocumentString<ChangePasswordMutation, ChangePasswordMutationVariables>;
export const StartTotpDocument = new TypedDocumentString(`
    mutation StartTotp {
  startTotp {
    __typename
    ... on TotpStarted {
      secret
      otpauthUri
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<StartTotpMutation, StartTotpMutationVariables>;
export const ConfirmTotpDocument = new TypedDocumentString(`
    mutation ConfirmTotp($input: ConfirmTotpInput!) {
  confirmTotp(input: $input) {
    __typename
    ... on TotpConfirmed {
      recoveryCodes
      sessionsEnded
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<ConfirmTotpMutation, ConfirmTotpMutationVariables>;
export const DisableTotpDocument = new TypedDocumentString(`
    mutation DisableTotp {
  disableTotp {
    __typename
    ... on TotpDisabled {
      sessionsEnded
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<DisableTotpMutation, DisableTotpMutationVariables>;
export const ListSessionsDocument = new TypedDocumentString(`
    query ListSessions($first: Int!, $after: String) {
  sessions(first: $first, after: $after) {
    nodes {
      id
      client
      userAgent
      address
      createdAt
      lastUsedAt
      expiresAt
      secondFactor
      isCurrent
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<ListSessionsQuery, ListSessionsQueryVariables>;
export const RevokeSessionDocument = new TypedDocumentString(`
    mutation RevokeSession($input: RevokeSessionInput!) {
  revokeSession(input: $input) {
    ... on SessionRevoked {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<RevokeSessionMutation, RevokeSessionMutationVariables>;
export const StartRunDocument = new TypedDocumentString(`
    mutation StartRun($input: RunOnServersInput!) {
  runOnServers(input: $input) {
    __typename
    ... on Run {
      id
      serverCount
      skippedServerIds
    }
    ... on NoTargets {
      offlineCount
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<StartRunMutation, StartRunMutationVariables>;
export const PreviewRunDocument = new TypedDocumentString(`
    query PreviewRun($target: TargetInput!) {
  runPreview(target: $target) {
    serverCount
    offlineCount
    notReadyCount
    servers {
      id
      name
    }
    offline {
      id
      name
    }
    notReady {
      id
      name
    }
  }
}
    `) as unknown as TypedDocumentString<PreviewRunQuery, PreviewRunQueryVariables>;
export const ShowRunDocument = new TypedDocumentString(`
    query ShowRun($id: ID!) {
  run(id: $id) {
    id
    state
    stopReason
    serverCount
    skippedServerIds
    batchSize
    batchPauseMs
    maxFailures
    createdAt
    finishedAt
    actor {
      kind
      id
      person {
        id
        email
        displayName
      }
    }
    progress {
      state
      count
    }
  }
}
    `) as unknown as TypedDocumentString<ShowRunQuery, ShowRunQueryVariables>;
export const ListRunsDocument = new TypedDocumentString(`
    query ListRuns($first: Int!, $after: String) {
  runHistory(first: $first, after: $after) {
    nodes {
      id
      state
      stopReason
      serverCount
      createdAt
      finishedAt
      progress {
        state
        count
      }
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<ListRunsQuery, ListRunsQueryVariables>;
export const StopRunDocument = new TypedDocumentString(`
    mutation StopRun($input: StopRunInput!) {
  stopRun(input: $input) {
    __typename
    ... on Run {
      id
      state
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<StopRunMutation, StopRunMutationVariables>;
export const RunChangedDocument = new TypedDocumentString(`
    subscription RunChanged($runIds: [ID!]!, $afterSeq: SafeInt) {
  runChanged(runIds: $runIds, afterSeq: $afterSeq) {
    seq
    run {
      id
      state
    }
  }
}
    `) as unknown as TypedDocumentString<RunChangedSubscription, RunChangedSubscriptionVariables>;
export const RunIdsDocument = new TypedDocumentString(`
    query RunIds($first: Int!, $after: String) {
  runHistory(first: $first, after: $after) {
    nodes {
      id
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<RunIdsQuery, RunIdsQueryVariables>;
export const ListGroupsDocument = new TypedDocumentString(`
    query ListGroups($first: Int!, $after: String) {
  serverGroups(first: $first, after: $after) {
    nodes {
      id
      name
      colour
      parentId
      serverCount
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<ListGroupsQuery, ListGroupsQueryVariables>;
export const CreateGroupDocument = new TypedDocumentString(`
    mutation CreateGroup($input: CreateServerGroupInput!) {
  createServerGroup(input: $input) {
    __typename
    ... on ServerGroup {
      id
      name
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CreateGroupMutation, CreateGroupMutationVariables>;
export const UpdateGroupDocument = new TypedDocumentString(`
    mutation UpdateGroup($input: UpdateServerGroupInput!) {
  updateServerGroup(input: $input) {
    __typename
    ... on ServerGroup {
      id
      name
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<UpdateGroupMutation, UpdateGroupMutationVariables>;
export const DeleteGroupDocument = new TypedDocumentString(`
    mutation DeleteGroup($input: DeleteServerGroupInput!) {
  deleteServerGroup(input: $input) {
    __typename
    ... on ServerGroupDeleted {
      id
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<DeleteGroupMutation, DeleteGroupMutationVariables>;
export const ListServersDocument = new TypedDocumentString(`
    query ListServers($filter: ServerFilterInput, $orderBy: ServerOrder!, $first: Int!, $after: String) {
  servers(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    nodes {
      id
      name
      state
      stateReason
      connected
      lastSeenAt
      latencyMs
      tags
      automaticTags
      agentVersion
      integrityAlert {
        raisedAt
        reason
        commandId
        count
      }
      group {
        id
        name
      }
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<ListServersQuery, ListServersQueryVariables>;
export const ServerNamesDocument = new TypedDocumentString(`
    query ServerNames($filter: ServerFilterInput, $first: Int!, $after: String) {
  servers(filter: $filter, first: $first, after: $after) {
    nodes {
      id
      name
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<ServerNamesQuery, ServerNamesQueryVariables>;
export const ShowServerDocument = new TypedDocumentString(`
    query ShowServer($id: ID!) {
  server(id: $id) {
    id
    name
    description
    state
    stateReason
    connected
    connectedAt
    lastSeenAt
    latencyMs
    disconnectReason
    duplicateIdentity
    queueHeld
    integrityAlert {
      raisedAt
      reason
      commandId
      count
    }
    tags
    automaticTags
    profile
    scopes
    protected
    maintenance
    concurrency
    agentVersion
    protocolVersion
    createdAt
    enrolledAt
    group {
      id
      name
    }
    healthChecks {
      name
      ok
      message
    }
    facts {
      hostname
      addresses
      osName
      osVersion
      kernel
      architecture
      virtualisation
      cpuModel
      cpuCount
      memoryMib
      swapMib
      diskMib
      bootedAt
      systemd
      agentUser
      reportedAt
    }
    connections(first: 5) {
      nodes {
        id
        address
        agentVersion
        connectedAt
        disconnectedAt
        disconnectReason
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ShowServerQuery, ShowServerQueryVariables>;
export const WatchServersDocument = new TypedDocumentString(`
    subscription WatchServers($afterSeq: SafeInt, $serverIds: [ID!]) {
  serverChanged(afterSeq: $afterSeq, serverIds: $serverIds) {
    seq
    serverId
    server {
      id
      name
      state
      stateReason
      connected
      lastSeenAt
      latencyMs
      integrityAlert {
        raisedAt
        reason
        commandId
        count
      }
    }
  }
}
    `) as unknown as TypedDocumentString<WatchServersSubscription, WatchServersSubscriptionVariables>;
export const CreateServerDocument = new TypedDocumentString(`
    mutation CreateServer($input: CreateServerInput!) {
  createServer(input: $input) {
    __typename
    ... on ServerEnrolment {
      server {
        id
        name
        profile
        scopes
      }
      enrolment {
        command
        installCommand
        installCommandWithWget
        token
        rootFingerprint
        expiresAt
      }
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CreateServerMutation, CreateServerMutationVariables>;
export const ReenrolServerDocument = new TypedDocumentString(`
    mutation ReenrolServer($input: ReenrolServerInput!) {
  reenrolServer(input: $input) {
    __typename
    ... on ServerEnrolment {
      server {
        id
        name
        profile
        scopes
      }
      enrolment {
        command
        installCommand
        installCommandWithWget
        token
        rootFingerprint
        expiresAt
      }
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<ReenrolServerMutation, ReenrolServerMutationVariables>;
export const UpdateServerDocument = new TypedDocumentString(`
    mutation UpdateServer($input: UpdateServerInput!) {
  updateServer(input: $input) {
    __typename
    ... on Server {
      id
      name
      description
      profile
      scopes
      protected
      concurrency
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<UpdateServerMutation, UpdateServerMutationVariables>;
export const ChangeTagsOnServersDocument = new TypedDocumentString(`
    mutation ChangeTagsOnServers($input: ChangeTagsOnServersInput!) {
  changeTagsOnServers(input: $input) {
    ... on ServerOutcomes {
      outcomes {
        serverId
        problem
        server {
          id
          name
          tags
          automaticTags
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ChangeTagsOnServersMutation, ChangeTagsOnServersMutationVariables>;
export const MoveServersToGroupDocument = new TypedDocumentString(`
    mutation MoveServersToGroup($input: MoveServersToGroupInput!) {
  moveServersToGroup(input: $input) {
    __typename
    ... on ServerOutcomes {
      outcomes {
        serverId
        problem
        server {
          id
          name
          group {
            id
            name
          }
        }
      }
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<MoveServersToGroupMutation, MoveServersToGroupMutationVariables>;
export const SetServerMaintenanceDocument = new TypedDocumentString(`
    mutation SetServerMaintenance($input: SetServerMaintenanceInput!) {
  setServerMaintenance(input: $input) {
    ... on Server {
      id
      name
      maintenance
      state
      stateReason
    }
  }
}
    `) as unknown as TypedDocumentString<SetServerMaintenanceMutation, SetServerMaintenanceMutationVariables>;
export const RevokeServerDocument = new TypedDocumentString(`
    mutation RevokeServer($input: RevokeServerInput!) {
  revokeServer(input: $input) {
    ... on Server {
      id
      name
      state
    }
  }
}
    `) as unknown as TypedDocumentString<RevokeServerMutation, RevokeServerMutationVariables>;
export const RotateServerKeyDocument = new TypedDocumentString(`
    mutation RotateServerKey($input: RotateServerKeyInput!) {
  rotateServerKey(input: $input) {
    __typename
    ... on Server {
      id
      name
      connected
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<RotateServerKeyMutation, RotateServerKeyMutationVariables>;
export const DeleteServerDocument = new TypedDocumentString(`
    mutation DeleteServer($input: DeleteServerInput!) {
  deleteServer(input: $input) {
    __typename
    ... on ServerDeleted {
      id
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<DeleteServerMutation, DeleteServerMutationVariables>;
export const AcknowledgeIntegrityAlertDocument = new TypedDocumentString(`
    mutation AcknowledgeIntegrityAlert($input: AcknowledgeIntegrityAlertInput!) {
  acknowledgeIntegrityAlert(input: $input) {
    __typename
    ... on Server {
      id
      name
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<AcknowledgeIntegrityAlertMutation, AcknowledgeIntegrityAlertMutationVariables>;
export const NewestChangeDocument = new TypedDocumentString(`
    query NewestChange {
  newestChange
}
    `) as unknown as TypedDocumentString<NewestChangeQuery, NewestChangeQueryVariables>;
export const ServerStatesDocument = new TypedDocumentString(`
    query ServerStates($filter: ServerFilterInput, $first: Int!, $after: String) {
  servers(filter: $filter, first: $first, after: $after) {
    nodes {
      id
      name
      state
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<ServerStatesQuery, ServerStatesQueryVariables>;
export const ListTokensDocument = new TypedDocumentString(`
    query ListTokens($first: Int!, $after: String) {
  apiTokens(first: $first, after: $after) {
    nodes {
      id
      name
      hint
      scopes
      createdAt
      expiresAt
      lastUsedAt
      person {
        id
        email
      }
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<ListTokensQuery, ListTokensQueryVariables>;
export const CreateTokenDocument = new TypedDocumentString(`
    mutation CreateToken($input: CreateApiTokenInput!) {
  createApiToken(input: $input) {
    __typename
    ... on ApiTokenCreated {
      token
      apiToken {
        id
        name
        scopes
        expiresAt
      }
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CreateTokenMutation, CreateTokenMutationVariables>;
export const RevokeTokenDocument = new TypedDocumentString(`
    mutation RevokeToken($input: RevokeApiTokenInput!) {
  revokeApiToken(input: $input) {
    ... on ApiTokenRevoked {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<RevokeTokenMutation, RevokeTokenMutationVariables>;
export const ListWorkspacesDocument = new TypedDocumentString(`
    query ListWorkspaces($first: Int!, $after: String) {
  workspaces(first: $first, after: $after) {
    nodes {
      role
      joinedAt
      workspace {
        id
        name
      }
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<ListWorkspacesQuery, ListWorkspacesQueryVariables>;
export const CreateWorkspaceDocument = new TypedDocumentString(`
    mutation CreateWorkspace($input: CreateWorkspaceInput!) {
  createWorkspace(input: $input) {
    __typename
    ... on Workspace {
      id
      name
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CreateWorkspaceMutation, CreateWorkspaceMutationVariables>;
export const RenameWorkspaceDocument = new TypedDocumentString(`
    mutation RenameWorkspace($input: RenameWorkspaceInput!) {
  renameWorkspace(input: $input) {
    ... on Workspace {
      id
      name
    }
  }
}
    `) as unknown as TypedDocumentString<RenameWorkspaceMutation, RenameWorkspaceMutationVariables>;
export const ListMembersDocument = new TypedDocumentString(`
    query ListMembers($first: Int!, $after: String) {
  members(first: $first, after: $after) {
    nodes {
      role
      joinedAt
      person {
        id
        email
        displayName
      }
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<ListMembersQuery, ListMembersQueryVariables>;
export const InviteMemberDocument = new TypedDocumentString(`
    mutation InviteMember($input: InviteMemberInput!) {
  inviteMember(input: $input) {
    __typename
    ... on MemberInvited {
      code
      invitation {
        id
        email
        role
        expiresAt
      }
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<InviteMemberMutation, InviteMemberMutationVariables>;
export const ChangeMemberRoleDocument = new TypedDocumentString(`
    mutation ChangeMemberRole($input: ChangeMemberRoleInput!) {
  changeMemberRole(input: $input) {
    __typename
    ... on Member {
      role
      person {
        id
        email
      }
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<ChangeMemberRoleMutation, ChangeMemberRoleMutationVariables>;
export const RemoveMemberDocument = new TypedDocumentString(`
    mutation RemoveMember($input: RemoveMemberInput!) {
  removeMember(input: $input) {
    __typename
    ... on MemberRemoved {
      person {
        id
        email
      }
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<RemoveMemberMutation, RemoveMemberMutationVariables>;
export const ListInvitationsDocument = new TypedDocumentString(`
    query ListInvitations($first: Int!, $after: String) {
  invitations(first: $first, after: $after) {
    nodes {
      id
      email
      role
      createdAt
      expiresAt
      invitedBy {
        email
      }
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<ListInvitationsQuery, ListInvitationsQueryVariables>;
export const RevokeInvitationDocument = new TypedDocumentString(`
    mutation RevokeInvitation($input: RevokeInvitationInput!) {
  revokeInvitation(input: $input) {
    ... on InvitationRevoked {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<RevokeInvitationMutation, RevokeInvitationMutationVariables>;
export const ShowInvitationDocument = new TypedDocumentString(`
    query ShowInvitation($code: String!) {
  invitationOffer(code: $code) {
    email
    role
    workspaceName
    inviterName
    expiresAt
    hasAccount
  }
}
    `) as unknown as TypedDocumentString<ShowInvitationQuery, ShowInvitationQueryVariables>;
export const AcceptInvitationDocument = new TypedDocumentString(`
    mutation AcceptInvitation($input: AcceptInvitationInput!) {
  acceptInvitation(input: $input) {
    __typename
    ... on InvitationAccepted {
      workspace {
        id
        name
      }
      signedIn {
        token
        person {
          id
          email
        }
      }
    }
    ... on Refusal {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<AcceptInvitationMutation, AcceptInvitationMutationVariables>;