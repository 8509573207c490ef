import type { CommandRunEntity } from '@pilothouse/db';
import type { CommandState } from '@pilothouse/protocol';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { connectionOf } from '../../kernel/graphql/connection.js';
import { DateTime, SafeInt } from '../../kernel/graphql/scalars.js';
import { Actor, type ActorKind } from '../people/index.js';
import { CommandStateEnum } from './command.types.js';

export const RunStateEnum = {
  RUNNING: 'RUNNING',
  STOPPING: 'STOPPING',
  FINISHED: 'FINISHED',
  STOPPED: 'STOPPED',
} as const;
registerEnumType(RunStateEnum, {
  name: 'RunState',
  description: 'Where a run over many servers stands',
  valuesConfig: {
    RUNNING: { description: 'Commands are under way or wait for their batch' },
    STOPPING: { description: 'Nothing new starts; what runs is coming to its end' },
    FINISHED: { description: 'Every command has ended' },
    STOPPED: { description: 'It ended before all servers had their turn' },
  },
});

@ObjectType({ description: 'How many commands of a run are in one state' })
@Allow('PARENT')
export class RunStateCount {
  @Field(() => CommandStateEnum, { description: 'The state' })
  state!: CommandState;

  @Field(() => Int, { description: 'How many' })
  count!: number;
}

@ObjectType({ description: 'One command on many servers' })
@Allow('PARENT')
export class Run {
  @Field(() => ID, { description: 'Opaque id' })
  id!: string;

  @Field(() => RunStateEnum, { description: 'Where it stands' })
  state!: keyof typeof RunStateEnum;

  @Field(() => Int, { description: 'How many servers it has' })
  serverCount!: number;

  @Field(() => [ID], { description: 'Servers that were meant but left out: offline, revoked or not enrolled' })
  skippedServerIds!: string[];

  @Field(() => Int, { description: 'Servers at a time' })
  batchSize!: number;

  @Field(() => SafeInt, { description: 'Pause between batches in milliseconds' })
  batchPauseMs!: number;

  @Field(() => Int, { nullable: true, description: 'It stops after this many failures' })
  maxFailures!: number | null;

  @Field(() => String, { nullable: true, description: 'Why it stopped, in a sentence' })
  stopReason!: string | null;

  @Field(() => Actor, { description: 'Who started it' })
  actor!: Actor;

  @Field(() => DateTime, { description: 'When it was started' })
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'When it ended' })
  finishedAt!: Date | null;
}

export const RunConnection = connectionOf(Run, 'Run');

@ObjectType({ description: 'A change of a run' })
@Allow('PARENT')
export class RunChange {
  @Field(() => SafeInt, { description: 'Number of the change in its workspace; resume after it' })
  seq!: number;

  @Field(() => Run, { description: 'The run as it is now' })
  run!: Run;
}

@ObjectType({ description: 'A server that a run would reach or leave out' })
@Allow('PARENT')
export class RunTarget {
  @Field(() => ID, { description: 'The server' })
  id!: string;

  @Field(() => String, { description: 'Its name' })
  name!: string;
}

@ObjectType({ description: 'What a run would do' })
@Allow('PARENT')
export class RunPreview {
  @Field(() => Int, { description: 'How many servers would run it now' })
  serverCount!: number;

  @Field(() => Int, { description: 'How many are offline' })
  offlineCount!: number;

  @Field(() => Int, { description: 'How many are revoked or not enrolled yet' })
  notReadyCount!: number;

  @Field(() => [RunTarget], { description: 'The servers that would run it now, the first 1,000 by name' })
  servers!: RunTarget[];

  @Field(() => [RunTarget], { description: 'The servers that are offline, the first 1,000 by name' })
  offline!: RunTarget[];

  @Field(() => [RunTarget], {
    description: 'The servers that are revoked or not enrolled yet, the first 1,000 by name',
  })
  notReady!: RunTarget[];
}

/** A run as the API shows it. */
export function toRun(row: CommandRunEntity): Run {
  return Object.assign(new Run(), row, { actor: { kind: row.actorKind as ActorKind, id: row.actorId } });
}
