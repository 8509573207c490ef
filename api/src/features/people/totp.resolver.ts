import { Arg, createUnionType, Ctx, Mutation, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import type { RequestContext } from '../../kernel/request-context.js';
import { SecondFactorRefused } from './sign-in.refusals.js';
import type { TotpService } from './totp.service.js';
import { ConfirmTotpInput, TotpConfirmed, TotpDisabled, TotpInUse, TotpMissing, TotpStarted } from './totp.types.js';

const StartTotpResult = createUnionType({
  name: 'StartTotpResult',
  description: 'A new authenticator, or why there is none',
  types: () => [TotpStarted, TotpInUse] as const,
});

const ConfirmTotpResult = createUnionType({
  name: 'ConfirmTotpResult',
  description: 'The recovery codes, or why the authenticator does not count yet',
  types: () => [TotpConfirmed, TotpMissing, SecondFactorRefused] as const,
});

const DisableTotpResult = createUnionType({
  name: 'DisableTotpResult',
  description: 'What disabling has ended, or why there was nothing to disable',
  types: () => [TotpDisabled, TotpMissing] as const,
});

@Resolver()
export class TotpResolver {
  constructor(private readonly totp: TotpService) {}

  @Mutation(() => StartTotpResult, { description: 'Makes a secret for your authenticator app' })
  @Allow('self.protect')
  startTotp(@Ctx() ctx: RequestContext): Promise<TotpStarted | TotpInUse> {
    return this.totp.start(ctx);
  }

  @Mutation(() => ConfirmTotpResult, {
    description: 'Makes the authenticator app your second factor, and ends your other sessions',
  })
  @Allow('self.protect')
  confirmTotp(
    @Arg('input', () => ConfirmTotpInput, { description: 'Its first code' }) input: ConfirmTotpInput,
    @Ctx() ctx: RequestContext,
  ): Promise<TotpConfirmed | TotpMissing | SecondFactorRefused> {
    return this.totp.confirm(ctx, input.code);
  }

  @Mutation(() => DisableTotpResult, { description: 'Goes back to the password alone, and ends your other sessions' })
  @Allow('self.protect')
  disableTotp(@Ctx() ctx: RequestContext): Promise<TotpDisabled | TotpMissing> {
    return this.totp.disable(ctx);
  }
}
