import { Arg, createUnionType, Ctx, Mutation, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import type { RequestContext } from '../../kernel/request-context.js';
import { SecondFactorRefused, SecondFactorRequired, SignInRefused } from './sign-in.refusals.js';
import type { SignInAnswer, SignInService } from './sign-in.service.js';
import { SignedIn, SignInInput, StepUpInput } from './sign-in.types.js';

const answers = () => [SignedIn, SecondFactorRequired, SecondFactorRefused, SignInRefused] as const;

const SignInResult = createUnionType({
  name: 'SignInResult',
  description: 'The session, or what is missing for one',
  types: answers,
});

const StepUpResult = createUnionType({
  name: 'StepUpResult',
  description: 'The session under its new token, or what is missing',
  types: answers,
});

@Resolver()
export class SignInResolver {
  constructor(private readonly signIns: SignInService) {}

  @Mutation(() => SignInResult, { description: 'Begins a session' })
  @Allow('session.start')
  signIn(
    @Arg('input', () => SignInInput, { description: 'Who signs in' }) input: SignInInput,
    @Ctx() ctx: RequestContext,
  ): Promise<SignInAnswer> {
    return this.signIns.signIn(ctx, input);
  }

  @Mutation(() => StepUpResult, {
    description:
      'Confirms that it is still you, which dangerous actions need; holds for 10 minutes. The token changes.',
  })
  @Allow('self.write')
  stepUp(
    @Arg('input', () => StepUpInput, { description: 'The proof' }) input: StepUpInput,
    @Ctx() ctx: RequestContext,
  ): Promise<SignInAnswer> {
    return this.signIns.stepUp(ctx, input);
  }
}
