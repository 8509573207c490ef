import { Field, InputType, Int, ObjectType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { Refusal } from '../../kernel/refusal.js';

@ObjectType({ description: 'A new authenticator that does not count yet; shown this once' })
@Allow('PARENT')
export class TotpStarted {
  @Field(() => String, { description: 'The secret in base32, to type into an app' })
  secret!: string;

  @Field(() => String, { description: 'The same as otpauth address, to show as QR code' })
  otpauthUri!: string;
}

@InputType({ description: 'The first code of a new authenticator' })
export class ConfirmTotpInput {
  @Field(() => String, { description: 'Six digits that the app shows now' })
  code!: string;
}

@ObjectType({ description: 'The second factor counts from now on' })
@Allow('PARENT')
export class TotpConfirmed {
  @Field(() => [String], { description: 'Ten codes for when the app is lost, each good once; shown this once' })
  recoveryCodes!: string[];

  @Field(() => Int, { description: 'How many other sessions this has ended' })
  sessionsEnded!: number;
}

@ObjectType({ description: 'The second factor no longer counts' })
@Allow('PARENT')
export class TotpDisabled {
  @Field(() => Int, { description: 'How many other sessions this has ended' })
  sessionsEnded!: number;
}

@ObjectType({ implements: Refusal, description: 'An authenticator is in use already' })
@Allow('PARENT')
export class TotpInUse extends Refusal {
  override code = 'TOTP_IN_USE';
  override message = 'An authenticator app is in use already. Disable it first.';
}

@ObjectType({ implements: Refusal, description: 'There is no authenticator to confirm or disable' })
@Allow('PARENT')
export class TotpMissing extends Refusal {
  override code = 'TOTP_MISSING';
  override message = 'There is no authenticator app to do this with. Start with a new one.';
}
