import { COMMAND_LIMITS, RUN_LIMITS, type CommandState } from '@pilothouse/protocol';
import { Field, ID, InputType, Int } from 'type-graphql';
import { Base64, SafeInt } from '../../kernel/graphql/scalars.js';
import { IDEMPOTENCY_KEY } from '../../kernel/idempotency-key.js';
import { CommandStateEnum, InterpreterEnum, WhenOfflineEnum } from './command.types.js';

const EXPIRES_IN = {
  defaultValue: COMMAND_LIMITS.defaultQueueExpiryMs,
  description: 'How long it may wait, in milliseconds; at most 7 days',
};

@InputType({ description: 'A variable of the command’s environment' })
export class EnvironmentVariableInput {
  @Field(() => String, { description: 'Name' })
  name!: string;

  @Field(() => String, { description: 'Value. It is never shown again, but it is no place for secrets.' })
  value!: string;
}

@InputType({ description: 'What to execute: either argv or script. It is kept, so it has no standard input.' })
export class SavedCommandInput {
  @Field(() => [String], {
    nullable: true,
    description: 'Program and arguments, without a shell; at most 256 and 128 KiB',
  })
  argv?: string[] | null;

  @Field(() => String, { nullable: true, description: 'A shell script, at most 256 KiB' })
  script?: string | null;

  @Field(() => InterpreterEnum, { nullable: true, description: 'What runs the script; sh if not given' })
  interpreter?: 'sh' | 'bash' | null;

  @Field(() => String, { nullable: true, description: 'Absolute working directory; the user’s home if not given' })
  workingDirectory?: string | null;

  @Field(() => String, { nullable: true, description: 'User of the host to run as; the agent’s own if not given' })
  user?: string | null;

  @Field(() => [EnvironmentVariableInput], { nullable: true, description: 'Environment beside the clean default one' })
  environment?: EnvironmentVariableInput[] | null;

  @Field(() => SafeInt, {
    defaultValue: COMMAND_LIMITS.defaultTimeoutMs,
    description: `Time-out in milliseconds, ${COMMAND_LIMITS.minTimeoutMs} to ${COMMAND_LIMITS.maxTimeoutMs}`,
  })
  timeoutMs!: number;

  @Field(() => Int, { defaultValue: 0, description: 'Higher starts first, -100 to 100' })
  priority!: number;

  @Field(() => Int, {
    nullable: true,
    description: 'Start only while fewer than this many commands run; the server’s own limit if not given',
  })
  concurrency?: number | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'May be run again after an interruption whose outcome is unknown',
  })
  idempotent!: boolean;
}

@InputType({ description: 'What to execute: either argv or script' })
export class CommandInput extends SavedCommandInput {
  @Field(() => Base64, { nullable: true, description: 'Standard input, at most 256 KiB' })
  stdin?: Buffer | null;
}

@InputType({ description: 'A command for one server' })
export class RunCommandInput {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  @Field(() => CommandInput, { nullable: true, description: 'What to execute; this or templateId' })
  command?: CommandInput | null;

  @Field(() => ID, { nullable: true, description: 'The saved command to execute; this or command' })
  templateId?: string | null;

  @Field(() => WhenOfflineEnum, { defaultValue: 'SKIP', description: 'What happens while the server is offline' })
  whenOffline!: 'SKIP' | 'DELIVER';

  @Field(() => SafeInt, EXPIRES_IN)
  expiresInMs!: number;

  @Field(() => String, { description: IDEMPOTENCY_KEY })
  idempotencyKey!: string;
}

@InputType({ description: 'A command that is to be run again' })
export class RerunCommandInput {
  @Field(() => ID, { description: 'The earlier command' })
  commandId!: string;

  @Field(() => WhenOfflineEnum, { defaultValue: 'SKIP', description: 'What happens while the server is offline' })
  whenOffline!: 'SKIP' | 'DELIVER';

  @Field(() => SafeInt, EXPIRES_IN)
  expiresInMs!: number;

  @Field(() => String, { description: IDEMPOTENCY_KEY })
  idempotencyKey!: string;
}

@InputType({ description: 'A command to be ended' })
export class CancelCommandInput {
  @Field(() => ID, { description: 'The command' })
  commandId!: string;
}

@InputType({ description: 'Which servers are meant: what is given adds up; nothing given means none' })
export class TargetInput {
  @Field(() => [ID], { nullable: true, description: 'These servers' })
  serverIds?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'Servers with any of these tags' })
  tags?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Servers of these groups and the groups inside them' })
  groupIds?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Not these' })
  excludeServerIds?: string[] | null;

  @Field(() => Boolean, { defaultValue: false, description: 'Every server on which the caller may run commands' })
  all!: boolean;
}

@InputType({ description: 'One command on many servers' })
export class RunOnServersInput {
  @Field(() => TargetInput, { description: 'Which servers' })
  target!: TargetInput;

  @Field(() => CommandInput, { nullable: true, description: 'What to execute; this or templateId' })
  command?: CommandInput | null;

  @Field(() => ID, { nullable: true, description: 'The saved command to execute; this or command' })
  templateId?: string | null;

  @Field(() => Int, {
    defaultValue: RUN_LIMITS.maxBatchSize,
    description: `Servers at a time, 1 to ${RUN_LIMITS.maxBatchSize}`,
  })
  batchSize!: number;

  @Field(() => Int, { defaultValue: 0, description: 'A first batch of this many servers, before the others; 0: none' })
  canarySize!: number;

  @Field(() => SafeInt, { defaultValue: 0, description: 'Pause between batches in milliseconds, at most an hour' })
  batchPauseMs!: number;

  @Field(() => Int, { nullable: true, description: 'Stop after this many failures; never if not given' })
  maxFailures?: number | null;

  @Field(() => WhenOfflineEnum, { defaultValue: 'SKIP', description: 'What happens while the server is offline' })
  whenOffline!: 'SKIP' | 'DELIVER';

  @Field(() => SafeInt, EXPIRES_IN)
  expiresInMs!: number;

  @Field(() => String, { description: IDEMPOTENCY_KEY })
  idempotencyKey!: string;
}

@InputType({ description: 'A run to be stopped' })
export class StopRunInput {
  @Field(() => ID, { description: 'The run' })
  runId!: string;
}

@InputType({ description: 'Which commands of the history' })
export class CommandFilterInput {
  @Field(() => [ID], { nullable: true, description: 'Of these servers' })
  serverIds?: string[] | null;

  @Field(() => ID, { nullable: true, description: 'Of this run' })
  runId?: string | null;

  @Field(() => [CommandStateEnum], { nullable: true, description: 'In any of these states' })
  states?: CommandState[] | null;

  @Field(() => String, { nullable: true, description: 'Whose program, arguments or script contain this text' })
  search?: string | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Only dead letters: expired, or interrupted with an unknown outcome',
  })
  undelivered!: boolean;
}
