import { Arg, createUnionType, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import type { RequestContext } from '../../kernel/request-context.js';
import type { SetUpService } from './set-up.service.js';
import { CompleteSetupInput, SetupRefused, SetupState } from './set-up.types.js';
import { SignedIn } from './sign-in.types.js';

const CompleteSetupResult = createUnionType({
  name: 'CompleteSetupResult',
  description: 'The session of the new owner, or why there is none',
  types: () => [SignedIn, SetupRefused] as const,
});

@Resolver()
export class SetUpResolver {
  constructor(private readonly setUp: SetUpService) {}

  @Query(() => SetupState, { description: 'Whether this installation has an owner' })
  @Allow('installation.read')
  async setup(): Promise<SetupState> {
    return { completed: await this.setUp.isCompleted() };
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
