import { Arg, createUnionType, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import type { RequestContext } from '../../kernel/request-context.js';
import type { SetUpService } from './set-up.service.js';
import { CheckSetupCodeInput, CompleteSetupInput, SetupRefused, SetupState } from './set-up.types.js';
import { SignedIn } from './sign-in.types.js';

const CompleteSetupResult = createUnionType({
  name: 'CompleteSetupResult',
  description: 'The session of the new owner, or why there is none',
  types: () => [SignedIn, SetupRefused] as const,
});

const CheckSetupCodeResult = createUnionType({
  name: 'CheckSetupCodeResult',
  description: 'That set-up is open to this code, or why it is not',
  types: () => [SetupState, SetupRefused] as const,
});

@Resolver()
export class SetUpResolver {
  constructor(private readonly setUp: SetUpService) {}

  @Query(() => SetupState, { description: 'Whether this installation has an owner' })
  @Allow('installation.read')
  async setup(): Promise<SetupState> {
    return { completed: await this.setUp.isCompleted() };
  }

  @Mutation(() => CheckSetupCodeResult, {
    description:
      'Looks at a set-up code without spending it. A try as any other: it is counted, and a wrong one recorded',
  })
  @Allow('installation.set-up')
  checkSetupCode(
    @Arg('input', () => CheckSetupCodeInput, { description: 'The code' }) input: CheckSetupCodeInput,
    @Ctx() ctx: RequestContext,
  ): Promise<SetupState | SetupRefused> {
    return this.setUp.check(ctx, input.code);
  }

  @Mutation(() => CompleteSetupResult, { description: 'Makes the owner and the first workspace, once, and signs in' })
  @Allow('installation.set-up')
  completeSetup(
    @Arg('input', () => CompleteSetupInput, { description: 'The code and the owner' }) input: CompleteSetupInput,
    @Ctx() ctx: RequestContext,
  ): Promise<SignedIn | SetupRefused> {
    return this.setUp.complete(ctx, input);
  }
}
