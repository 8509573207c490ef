import type { CommandEntity } from '@pilothouse/db';
import { COMMAND_STATES, parseJson, resultSchema, type CommandLimits, type CommandState } from '@pilothouse/protocol';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { connectionOf } from '../../kernel/graphql/connection.js';
import { Base64, DateTime, SafeInt } from '../../kernel/graphql/scalars.js';
import { Actor, type ActorKind } from '../people/index.js';
import type { StoredArguments } from './stored-arguments.js';

export const CommandStateEnum = Object.fromEntries(COMMAND_STATES.map((state) => [state, state])) as {
  [S in CommandState]: S;
};
registerEnumType(CommandStateEnum, {
  name: 'CommandState',
  description: 'Where a command stands; everything from SUCCEEDED on is final',
  valuesConfig: {
    QUEUED: { description: 'Waits for its server' },
    DELIVERED: { description: 'The agent has it on its disk' },
    RUNNING: { description: 'The agent has started it' },
    SUCCEEDED: { description: 'It ended with exit code 0' },
    FAILED: { description: 'It ended otherwise, or could not be started' },
    TIMED_OUT: { description: 'It was ended because its time was up' },
    CANCELLED: { description: 'It was ended or taken back on request' },
    EXPIRED: { description: 'It was not started before it expired' },
    VETOED: { description: 'The host’s own policy or the agent refused it' },
    INTERRUPTED: { description: 'It was cut short, or what became of it is not known' },
  },
});

export const OutputStreamEnum = { STDOUT: 'STDOUT', STDERR: 'STDERR' } as const;
registerEnumType(OutputStreamEnum, {
  name: 'OutputStream',
  description: 'Where a command wrote to',
  valuesConfig: { STDOUT: { description: 'Standard output' }, STDERR: { description: 'Standard error' } },
});

export const InterpreterEnum = { SH: 'sh', BASH: 'bash' } as const;
registerEnumType(InterpreterEnum, {
  name: 'Interpreter',
  description: 'What runs a script',
  valuesConfig: { SH: { description: '/bin/sh' }, BASH: { description: 'bash, where the host has it' } },
});

export const WhenOfflineEnum = { SKIP: 'SKIP', DELIVER: 'DELIVER' } as const;
registerEnumType(WhenOfflineEnum, {
  name: 'WhenOffline',
  description: 'What happens with servers that are offline',
  valuesConfig: {
    SKIP: { description: 'They are left out, and said so' },
    DELIVER: { description: 'They get it when they are back, unless it has expired' },
  },
});

export const OutcomeEnum = { KNOWN: 'KNOWN', UNKNOWN: 'UNKNOWN' } as const;
registerEnumType(OutcomeEnum, {
  name: 'Outcome',
  description: 'Whether it is known what the command has done',
  valuesConfig: {
    KNOWN: { description: 'Known' },
    UNKNOWN: { description: 'The effect may or may not have happened' },
  },
});

@ObjectType({ description: 'What is executed. Values of the environment and standard input are never shown.' })
@Allow('PARENT')
export class CommandProgram {
  @Field(() => [String], { nullable: true, description: 'Program and arguments; null for a script' })
  argv!: string[] | null;

  @Field(() => String, { nullable: true, description: 'Text of the script; null for argv' })
  script!: string | null;

  @Field(() => InterpreterEnum, { nullable: true, description: 'What runs the script' })
  interpreter!: 'sh' | 'bash' | null;

  @Field(() => String, { nullable: true, description: 'Working directory; null for the user’s home' })
  workingDirectory!: string | null;

  @Field(() => String, { nullable: true, description: 'User of the host; null for the agent’s own' })
  user!: string | null;

  @Field(() => [String], { description: 'Names of the environment variables that are set' })
  environmentNames!: string[];

  @Field(() => Boolean, { description: 'Whether something is given on standard input' })
  hasStdin!: boolean;
}

@ObjectType({ description: 'A signed result that came after the command had already ended by other means' })
@Allow('PARENT')
export class LateResult {
  @Field(() => DateTime, { description: 'When it came' })
  at!: Date;

  @Field(() => CommandStateEnum, { description: 'How the agent says it ended' })
  state!: CommandState;

  @Field(() => Int, { nullable: true, description: 'Exit code' })
  exitCode!: number | null;

  @Field(() => String, { nullable: true, description: 'Why, in a sentence' })
  reason!: string | null;
}

@ObjectType({ description: 'One instruction to one server' })
@Allow('PARENT')
export class Command {
  @Field(() => ID, { description: 'Opaque id' })
  id!: string;

  @Field(() => ID, { description: 'The server it is for' })
  serverId!: string;

  @Field(() => ID, { nullable: true, description: 'The run it belongs to' })
  runId!: string | null;

  @Field(() => Int, { description: 'Batch of its run, from 0' })
  batch!: number;

  @Field(() => CommandStateEnum, { description: 'Where it stands' })
  state!: CommandState;

  @Field(() => Int, { description: 'Rises with every change of state' })
  revision!: number;

  @Field(() => CommandProgram, { description: 'What is executed' })
  program!: CommandProgram;

  @Field(() => SafeInt, { description: 'Order among its server’s instructions' })
  sequence!: number;

  @Field(() => Int, { description: 'Higher starts first' })
  priority!: number;

  @Field(() => SafeInt, { description: 'Time-out in milliseconds' })
  timeoutMs!: number;

  @Field(() => Int, { description: 'It starts only while fewer than this many run on the server' })
  concurrency!: number;

  @Field(() => Boolean, { description: 'May be run again after an interruption' })
  idempotent!: boolean;

  @Field(() => Actor, { description: 'Who asked for it' })
  actor!: Actor;

  @Field(() => ID, { nullable: true, description: 'The command of which this is a repetition' })
  rerunOfId!: string | null;

  @Field(() => DateTime, { description: 'When it was asked for' })
  createdAt!: Date;

  @Field(() => DateTime, { description: 'It is not started after this' })
  expiresAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'When the agent had it on its disk' })
  deliveredAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was started' })
  startedAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When its end became known' })
  finishedAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Since when its server cannot be reached, while it runs' })
  unreachableSince!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When its end was asked for' })
  cancelRequestedAt!: Date | null;

  @Field(() => Int, { nullable: true, description: 'Exit code, 0 to 255; 127 and 126 when it could not be started' })
  exitCode!: number | null;

  @Field(() => String, { nullable: true, description: 'Signal that ended it' })
  signal!: string | null;

  @Field(() => String, { nullable: true, description: 'Why it ended so, in a sentence' })
  reason!: string | null;

  @Field(() => OutcomeEnum, { nullable: true, description: 'Whether its effect is known; null while it has not ended' })
  outcome!: 'KNOWN' | 'UNKNOWN' | null;

  @Field(() => SafeInt, { nullable: true, description: 'How long it ran, in milliseconds' })
  durationMs!: number | null;

  @Field(() => SafeInt, { description: 'Bytes of standard output recorded' })
  stdoutBytes!: number;

  @Field(() => SafeInt, { description: 'Bytes of standard error recorded' })
  stderrBytes!: number;

  @Field(() => LateResult, { nullable: true, description: 'A result that came too late to change the state' })
  lateResult!: LateResult | null;
}

export const CommandConnection = connectionOf(Command, 'Command');

@ObjectType({ description: 'A change of a command' })
@Allow('PARENT')
export class CommandChange {
  @Field(() => SafeInt, { description: 'Number of the change in its workspace; resume after it' })
  seq!: number;

  @Field(() => Command, { description: 'The command as it is now' })
  command!: Command;
}

@ObjectType({ description: 'A numbered piece of a command’s output, or the end of it' })
@Allow('PARENT')
export class CommandOutput {
  @Field(() => SafeInt, { description: 'Number of the piece over both streams; resume after it' })
  seq!: number;

  @Field(() => OutputStreamEnum, { nullable: true, description: 'Where it was written; null at the end' })
  stream!: 'STDOUT' | 'STDERR' | null;

  @Field(() => Base64, { description: 'The bytes; empty at the end' })
  data!: Buffer;

  @Field(() => SafeInt, {
    description: 'Bytes of both streams before this piece that were not kept, since the piece before it',
  })
  missingBytes!: number;

  @Field(() => Boolean, { description: 'Whether nothing follows' })
  end!: boolean;
}

/** A command as the API shows it. */
export function toCommand(row: CommandEntity): Command {
  const { program, workingDirectory, user, environmentNames, hasStdin } = row.arguments as StoredArguments;
  const limits = row.limits as CommandLimits;
  return Object.assign(new Command(), row, {
    program: {
      argv: program.type === 'argv' ? program.argv : null,
      script: program.type === 'script' ? program.script : null,
      interpreter: program.type === 'script' ? program.interpreter : null,
      workingDirectory,
      user,
      environmentNames,
      hasStdin,
    },
    rerunOfId: row.rerunOf,
    timeoutMs: limits.timeoutMs,
    concurrency: limits.concurrency,
    actor: { kind: row.actorKind as ActorKind, id: row.actorId },
    lateResult: toLateResult(row),
  });
}

function toLateResult({ lateResult, lateResultAt }: CommandEntity): LateResult | null {
  if (!lateResult || !lateResultAt) return null;
  const { state, exitCode, reason } = resultSchema.parse(parseJson(lateResult));
  return { at: lateResultAt, state, exitCode, reason };
}
