import { HOST_FIGURES, type HostFigure, type PartFigure, type PartKind } from '@pilothouse/db/timeseries';
import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { connectionOf } from '../../kernel/graphql/connection.js';
import { DateTime, SafeInt } from '../../kernel/graphql/scalars.js';
import { addFigureFields, HostFigureEnum, PartFigureEnum, PartKindEnum } from './figure.enums.js';

@ObjectType({
  simpleResolvers: true,
  description: 'One sample of a whole host. A figure is null where the kernel does not tell it',
})
@Allow('PARENT')
export class HostSample {
  @Field(() => DateTime, { description: 'When it was taken, to 10 s' })
  at!: Date;
}
addFigureFields(HostSample, HOST_FIGURES);

@ObjectType({ simpleResolvers: true, description: 'The newest sample of a server' })
@Allow('PARENT')
export class LatestMetrics {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  @Field(() => HostSample, { nullable: true, description: 'The sample; null while none has arrived' })
  sample!: HostSample | null;
}

export const LatestMetricsConnection = connectionOf(LatestMetrics, 'LatestMetrics');

/** What every series consists of. */
@ObjectType()
abstract class Points {
  @Field(() => [Float], {
    nullable: 'items',
    description: 'Average of each point, in the order of `times`; null where there was no sample',
  })
  avg!: (number | null)[];

  @Field(() => [Float], {
    nullable: 'items',
    description: 'Highest value of each point, in the order of `times`; null where there was no sample',
  })
  max!: (number | null)[];
}

/** What all series of an answer share. */
@ObjectType()
abstract class TimeAxis {
  @Field(() => Int, { description: 'Width of a point, in seconds, as it was chosen' })
  stepSeconds!: number;

  @Field(() => Int, { description: 'Width of the samples or averages that the points were made from, in seconds' })
  tierSeconds!: number;

  @Field(() => [DateTime], { description: 'Where each point starts' })
  times!: Date[];
}

@ObjectType({ simpleResolvers: true, description: 'One figure of one server over time' })
@Allow('PARENT')
export class MetricsSeries extends Points {
  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  @Field(() => HostFigureEnum, { description: 'What was measured' })
  figure!: HostFigure;
}

@ObjectType({ simpleResolvers: true, description: 'Figures of servers over time, all on the same points' })
@Allow('PARENT')
export class MetricsHistory extends TimeAxis {
  @Field(() => [MetricsSeries], { description: 'One for each server and figure' })
  series!: MetricsSeries[];
}

@ObjectType({ simpleResolvers: true, description: 'A core, file system, disk or network interface of a host' })
@Allow('PARENT')
export class HostPart {
  @Field(() => PartKindEnum, { description: 'What it is' })
  kind!: PartKind;

  @Field(() => String, { description: 'Its name, as the host says it' })
  name!: string;
}

@ObjectType({ simpleResolvers: true, description: 'One figure of one part of a host over time' })
@Allow('PARENT')
export class PartSeries extends Points {
  @Field(() => String, { description: 'Name of the part' })
  name!: string;

  @Field(() => PartFigureEnum, { description: 'What was measured' })
  figure!: PartFigure;
}

@ObjectType({ simpleResolvers: true, description: 'Figures of parts of one host over time, all on the same points' })
@Allow('PARENT')
export class PartHistory extends TimeAxis {
  @Field(() => [PartSeries], { description: 'One for each part and figure' })
  series!: PartSeries[];
}

@ObjectType({
  simpleResolvers: true,
  description: 'A server was sampled. Only the newest sample is sent: a slow reader misses those between',
})
@Allow('PARENT')
export class MetricsSampled {
  @Field(() => SafeInt, {
    description: 'Rises with each event of one server; an event whose number was seen before says nothing new',
  })
  seq!: number;

  @Field(() => ID, { description: 'The server' })
  serverId!: string;

  @Field(() => HostSample, { description: 'Its newest sample' })
  sample!: HostSample;

  @Field(() => Boolean, {
    description:
      'More than 10 s lie between this sample and the one sent before it; `metricsHistory` has those between, if any',
  })
  gap!: boolean;
}
