import { Field, ObjectType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { DateTime } from '../../kernel/graphql/scalars.js';
import { Refusal } from '../../kernel/refusal.js';

@ObjectType({
  implements: Refusal,
  description: 'No such account, another password, or an account that is disabled: which one is not said',
})
@Allow('PARENT')
export class SignInRefused extends Refusal {
  override code = 'SIGN_IN_REFUSED';
  override message = 'E-mail address or password is wrong.';
}

@ObjectType({ implements: Refusal, description: 'The password is right; the second factor is asked for' })
@Allow('PARENT')
export class SecondFactorRequired extends Refusal {
  override code = 'SECOND_FACTOR_REQUIRED';
  override message = 'Enter the code of your authenticator app, or a recovery code.';
}

@ObjectType({
  implements: Refusal,
  description: 'The second factor is wrong, used already, or locked after wrong tries',
})
@Allow('PARENT')
export class SecondFactorRefused extends Refusal {
  override code = 'SECOND_FACTOR_REFUSED';
  override message = 'The code is wrong or was used already. Wait for the next one.';

  @Field(() => DateTime, {
    nullable: true,
    description: 'Until when no code is accepted; null when the next may be tried',
  })
  lockedUntil: Date | null;

  constructor(lockedUntil: Date | null) {
    super();
    this.lockedUntil = lockedUntil;
    if (lockedUntil) this.message = 'Too many wrong codes. Try again later.';
  }
}
