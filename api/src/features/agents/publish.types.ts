import { GraphQLScalarType } from 'graphql';
import { Field, Int, ObjectType } from 'type-graphql';

/**
 * A frame as PROTOCOL.md gives it. A scalar, because the protocol package's schema is the one place that says what a
 * frame is: a frame that breaks it is refused by itself, not with everything it came with.
 */
export const AgentFrameInput = new GraphQLScalarType<unknown, unknown>({
  name: 'AgentFrameInput',
  description: 'A frame as PROTOCOL.md gives it: an object with exactly one member. Only as a variable.',
  // Judged by the protocol package, frame by frame.
  parseValue: (value) => value,
  parseLiteral: () => {
    throw new TypeError('Frames are given as variables');
  },
});

@ObjectType('FrameRefusal', { description: 'A frame that the agent must not send again' })
export class FrameRefusalType {
  @Field(() => Int, { description: 'Its place in the publish' })
  index!: number;

  @Field(() => String, { description: 'Stable code' })
  code!: string;

  @Field(() => String, { description: 'What is wrong with it' })
  message!: string;
}

@ObjectType({ description: 'Every frame that is not refused here is durable' })
export class PublishReceipt {
  @Field(() => [FrameRefusalType], { description: 'Frames that were dropped for good' })
  refused!: FrameRefusalType[];
}
