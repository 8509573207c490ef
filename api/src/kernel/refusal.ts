import { Field, InterfaceType } from 'type-graphql';

/** Allowed and well formed, but the answer is no. Implemented by one type per reason, each with its own data. */
@InterfaceType({ description: 'An expected way of saying no. `code` is stable; `message` is a sentence for people.' })
export abstract class Refusal {
  @Field(() => String, { description: 'Stable code of the reason' })
  code!: string;

  @Field(() => String, { description: 'What is wrong and what to do, for people' })
  message!: string;
}
