import { Field, ID, ObjectType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';

@ObjectType({ description: 'Somebody who can sign in' })
@Allow('PARENT')
export class Person {
  @Field(() => ID, { description: 'Id of the person' })
  id!: string;

  @Field(() => String, { description: 'E-mail address, with which they sign in' })
  email!: string;

  @Field(() => String, { description: 'Name shown to others' })
  displayName!: string;
}
