import { Field, InputType, Int, ObjectType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { Person } from './person.types.js';
import { Session } from './session.types.js';

@ObjectType({ description: 'Who is signed in, and how' })
@Allow('PARENT')
export class Me {
  @Field(() => Person, { description: 'The person' })
  person!: Person;

  @Field(() => Session, { description: 'The session that asks' })
  session!: Session;

  @Field(() => Boolean, { description: 'Whether an authenticator app is the second factor' })
  totpEnabled!: boolean;

  @Field(() => Int, { description: 'How many recovery codes are left' })
  recoveryCodesLeft!: number;
}

@InputType({ description: 'A new password' })
export class ChangePasswordInput {
  @Field(() => String, { description: 'At least 12 characters, and not the e-mail address' })
  newPassword!: string;
}

@ObjectType({ description: 'The new password holds' })
@Allow('PARENT')
export class PasswordChanged {
  @Field(() => Int, { description: 'How many other sessions this has ended' })
  sessionsEnded!: number;
}
