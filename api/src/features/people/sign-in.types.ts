import { Field, InputType, ObjectType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { Person } from './person.types.js';
import { Session, SessionClient } from './session.types.js';

@InputType({ description: 'Who signs in, and how they prove it' })
export class SignInInput {
  @Field(() => String, { description: 'E-mail address of the account' })
  email!: string;

  @Field(() => String, { description: 'Password of the account' })
  password!: string;

  @Field(() => SessionClient, { defaultValue: SessionClient.BROWSER, description: 'What will hold the session token' })
  client!: SessionClient;

  @Field(() => String, { nullable: true, description: 'Six digits of the authenticator app' })
  totpCode?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'A recovery code, in place of the authenticator app; used up by it',
  })
  recoveryCode?: string | null;
}

@InputType({ description: 'Proof that it is still the person who signed in' })
export class StepUpInput {
  @Field(() => String, { description: 'Password of the account' })
  password!: string;

  @Field(() => String, { nullable: true, description: 'Six digits of the authenticator app' })
  totpCode?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'A recovery code, in place of the authenticator app; used up by it',
  })
  recoveryCode?: string | null;
}

@ObjectType({ description: 'A session that has begun, or goes on under another token' })
@Allow('PARENT')
export class SignedIn {
  @Field(() => Session, { description: 'The session' })
  session!: Session;

  @Field(() => Person, { description: 'Whose session it is' })
  person!: Person;

  @Field(() => String, {
    nullable: true,
    description: 'The bearer token of a CLI session, shown this once; null for a browser, which gets a cookie',
  })
  token!: string | null;
}
