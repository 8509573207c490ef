import type { HostFigure, PartFigure, PartKind } from '@pilothouse/db/timeseries';
import { ArgsType, Field, ID, InputType, Int } from 'type-graphql';
import { PageArgs } from '../../kernel/graphql/connection.js';
import { DateTime } from '../../kernel/graphql/scalars.js';
import { HostFigureEnum, PartFigureEnum, PartKindEnum } from './figure.enums.js';
import { METRICS_LIMITS } from './metrics.limits.js';

@InputType({ description: 'Whose samples' })
export class LatestMetricsFilterInput {
  @Field(() => [ID], { nullable: true, description: 'Of these servers, 1 to 200' })
  serverIds?: string[] | null;
}

@ArgsType()
export class MetricsLatestArgs extends PageArgs {
  @Field(() => LatestMetricsFilterInput, { nullable: true, description: 'Whose samples; none: of all servers' })
  filter?: LatestMetricsFilterInput | null;
}

@InputType({ description: 'A range of time' })
class HistoryRangeInput {
  @Field(() => DateTime, { description: 'Begin of the range' })
  from!: Date;

  @Field(() => DateTime, { description: 'End of the range, not in it; at most 10 years after its begin' })
  to!: Date;

  @Field(() => Int, {
    defaultValue: METRICS_LIMITS.defaultPoints,
    description: 'Points of a series at most, from 1 to 2,000: the width of a point follows from it and the range',
  })
  maxPoints!: number;
}

@InputType({ description: 'Which figures of which servers, and when' })
export class MetricsHistoryInput extends HistoryRangeInput {
  @Field(() => [ID], { description: 'From 1 to 50 servers' })
  serverIds!: string[];

  @Field(() => [HostFigureEnum], {
    description: 'What was measured. Servers, figures and maxPoints multiplied are at most 200,000',
  })
  figures!: HostFigure[];
}

@InputType({ description: 'Which figures of which parts of a server, and when' })
export class PartHistoryInput extends HistoryRangeInput {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  @Field(() => PartKindEnum, { description: 'Kind of the parts' })
  kind!: PartKind;

  @Field(() => [PartFigureEnum], { description: 'What was measured' })
  figures!: PartFigure[];

  @Field(() => [String], {
    nullable: true,
    description:
      'Names of the parts, at most 64; without it, those seen last. A name the server does not have is left out',
  })
  names?: string[] | null;
}
