import type { Scope } from '@pilothouse/protocol';
import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { connectionOf } from '../../kernel/graphql/connection.js';
import { ScopeEnum } from '../../kernel/graphql/permission-scope.js';
import { DateTime, SafeInt } from '../../kernel/graphql/scalars.js';
import { ProfileEnum, type ServerProfile } from './permission.types.js';
import { ServerState } from './server.state.js';

registerEnumType(ServerState, {
  name: 'ServerState',
  description: 'How a server is doing',
  valuesConfig: {
    PENDING: { description: 'Added; its agent has not been enrolled yet' },
    ONLINE: { description: 'Its agent is connected and all its checks pass' },
    DEGRADED: { description: 'Its agent is connected, but something is wrong: stateReason says what' },
    OFFLINE: { description: 'Its agent is not connected' },
    MAINTENANCE: { description: 'Somebody works on it; whether its agent is connected says `connected`' },
    REVOKED: { description: 'Its agent is no longer trusted' },
  },
});

@ObjectType({ description: 'What an agent says of its host. All of it is the host’s own word.' })
@Allow('PARENT')
export class ServerFacts {
  @Field(() => String, { description: 'Host name' })
  hostname!: string;

  @Field(() => [String], { description: 'Network addresses, without loopback and link-local ones' })
  addresses!: string[];

  @Field(() => String, { description: 'Name of the operating system' })
  osName!: string;

  @Field(() => String, { description: 'Version of the operating system' })
  osVersion!: string;

  @Field(() => String, { description: 'Release of the kernel' })
  kernel!: string;

  @Field(() => String, { description: 'Processor architecture, such as x64 or arm64' })
  architecture!: string;

  @Field(() => String, { description: 'Model of the processor' })
  cpuModel!: string;

  @Field(() => Int, { description: 'Logical processors' })
  cpuCount!: number;

  @Field(() => Int, { description: 'Memory in MiB' })
  memoryMib!: number;

  @Field(() => Int, { description: 'Swap in MiB' })
  swapMib!: number;

  @Field(() => Int, { description: 'Size of all local file systems together, in MiB' })
  diskMib!: number;

  @Field(() => String, { nullable: true, description: 'Kind of virtual machine or container; null on bare metal' })
  virtualisation!: string | null;

  @Field(() => ID, { description: 'Changes with every boot' })
  bootId!: string;

  @Field(() => DateTime, { description: 'When the host was started' })
  bootedAt!: Date;

  @Field(() => String, { description: 'Version of the agent' })
  agentVersion!: string;

  @Field(() => Boolean, { description: 'Whether commands run in systemd units of their own' })
  systemd!: boolean;

  @Field(() => String, { description: 'User the agent runs as' })
  agentUser!: string;

  @Field(() => [String], { description: 'Tags that follow from the other facts' })
  automaticTags!: string[];

  @Field(() => DateTime, { description: 'When the agent last said this' })
  reportedAt!: Date;
}

@ObjectType({ description: 'Something the agent checks on itself and its host' })
@Allow('PARENT')
export class HealthCheck {
  @Field(() => String, { description: 'What is checked' })
  name!: string;

  @Field(() => Boolean, { description: 'Whether it is as it should be' })
  ok!: boolean;

  @Field(() => String, { nullable: true, description: 'What is wrong' })
  message!: string | null;
}

@ObjectType({
  description: 'A server’s agent was given instructions that are not genuine; nobody has acknowledged it yet',
})
@Allow('PARENT')
export class IntegrityAlert {
  @Field(() => DateTime, { description: 'When its agent refused the first of them' })
  raisedAt!: Date;

  @Field(() => String, { description: 'What was wrong with the first of them, for people' })
  reason!: string;

  @Field(() => ID, { description: 'The first of them: a command, or the instruction to cancel one' })
  commandId!: string;

  @Field(() => Int, { description: 'How many its agent has refused since' })
  count!: number;
}

@ObjectType({ description: 'One connection of a server’s agent, past or present' })
@Allow('PARENT')
export class AgentLink {
  @Field(() => ID, { description: 'Id of the connection' })
  id!: string;

  @Field(() => String, { description: 'Network address it came from' })
  address!: string;

  @Field(() => String, { description: 'Version of the agent' })
  agentVersion!: string;

  @Field(() => DateTime, { description: 'When it began' })
  connectedAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'When it ended; null while it lasts' })
  disconnectedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Why it ended' })
  disconnectReason!: string | null;
}

export const AgentLinkConnection = connectionOf(AgentLink, 'AgentLink');

@ObjectType({ description: 'A managed host' })
@Allow('PARENT')
export class Server {
  @Field(() => ID, { description: 'Id of the server' })
  id!: string;

  @Field(() => String, { description: 'Name, unique in the workspace' })
  name!: string;

  @Field(() => String, { description: 'What it is for, in its people’s words' })
  description!: string;

  groupId!: string | null;

  @Field(() => [String], { description: 'Tags that people have set; grants go by these alone' })
  tags!: string[];

  @Field(() => [String], { description: 'Tags that follow from the host’s facts' })
  automaticTags!: string[];

  @Field(() => ProfileEnum, { description: 'Its permission profile' })
  profile!: ServerProfile;

  @Field(() => [ScopeEnum], { description: 'What the control plane may do on it' })
  scopes!: Scope[];

  @Field(() => Boolean, {
    description: 'Whether it is marked as one to be careful with; nothing asks for a second person yet',
  })
  protected!: boolean;

  @Field(() => Boolean, { description: 'Whether somebody has marked it as being worked on' })
  maintenance!: boolean;

  @Field(() => Int, { description: 'How many commands may run on it at once' })
  concurrency!: number;

  @Field(() => ServerState, { description: 'How it is doing' })
  state!: ServerState;

  @Field(() => String, { description: 'Why it is in this state, for people' })
  stateReason!: string;

  @Field(() => Boolean, { description: 'Whether its agent is connected' })
  connected!: boolean;

  @Field(() => DateTime, { nullable: true, description: 'When something was last received from its agent' })
  lastSeenAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When its latest connection began' })
  connectedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Why its latest connection ended; null while it lasts' })
  disconnectReason!: string | null;

  @Field(() => Float, { nullable: true, description: 'Round trip to its agent, in milliseconds' })
  latencyMs!: number | null;

  @Field(() => ServerFacts, { nullable: true, description: 'What its agent says of the host' })
  facts!: ServerFacts | null;

  @Field(() => [HealthCheck], { description: 'What its agent checks, at most 32' })
  healthChecks!: HealthCheck[];

  @Field(() => String, { nullable: true, description: 'Version of its agent' })
  agentVersion!: string | null;

  @Field(() => Int, { nullable: true, description: 'Version of the agent protocol that is spoken with it' })
  protocolVersion!: number | null;

  @Field(() => Boolean, { description: 'Whether two agents use its identity by turns' })
  duplicateIdentity!: boolean;

  @Field(() => Boolean, { description: 'Whether its commands wait until somebody has looked at it' })
  queueHeld!: boolean;

  @Field(() => IntegrityAlert, {
    nullable: true,
    description: 'Set while its agent has refused instructions as not genuine and nobody has acknowledged it',
  })
  integrityAlert!: IntegrityAlert | null;

  @Field(() => DateTime, { description: 'When it was added' })
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'When its agent was last enrolled' })
  enrolledAt!: Date | null;
}

export const ServerConnection = connectionOf(Server, 'Server');

@ObjectType({ description: 'A server changed' })
@Allow('PARENT')
export class ServerChange {
  @Field(() => SafeInt, { description: 'Number of the change: resume after it' })
  seq!: number;

  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  @Field(() => Server, { nullable: true, description: 'The server as it is now; null when it was deleted' })
  server!: Server | null;
}
