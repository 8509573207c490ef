import { Field, InputType, ObjectType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { Refusal } from '../../kernel/refusal.js';
import { SessionClient } from './session.types.js';

@ObjectType({ description: 'Whether this installation has an owner' })
@Allow('PARENT')
export class SetupState {
  @Field(() => Boolean, { description: 'Whether set-up is done; it cannot be done again' })
  completed!: boolean;
}

@InputType({ description: 'A set-up code to look at before the rest is asked for' })
export class CheckSetupCodeInput {
  @Field(() => String, { description: 'The set-up code that the control plane printed when it started' })
  code!: string;
}

@InputType({ description: 'The owner and the first workspace' })
export class CompleteSetupInput {
  @Field(() => String, { description: 'The set-up code that the control plane printed when it started' })
  code!: string;

  @Field(() => String, { description: 'E-mail address of the owner, to sign in with' })
  email!: string;

  @Field(() => String, { description: 'Name of the owner, shown to others' })
  displayName!: string;

  @Field(() => String, { description: 'Password of the owner: at least 12 characters' })
  password!: string;

  @Field(() => String, { description: 'Name of the first workspace' })
  workspaceName!: string;

  @Field(() => SessionClient, { defaultValue: SessionClient.BROWSER, description: 'What will hold the session token' })
  client!: SessionClient;
}

@ObjectType({
  implements: Refusal,
  description: 'The set-up code is not the one that was printed last, or set-up is done',
})
@Allow('PARENT')
export class SetupRefused extends Refusal {
  @Field(() => Boolean, { description: 'Whether set-up is done; otherwise the code is wrong' })
  completed!: boolean;

  static of(completed: boolean): SetupRefused {
    const message = completed
      ? 'Set-up is done already, and is never done again.'
      : 'The set-up code is wrong. It is printed at every start; only the newest counts.';
    return Object.assign(new SetupRefused(), { code: 'SETUP_REFUSED', message, completed });
  }
}
