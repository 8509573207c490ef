import { Arg, createUnionType, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import type { RequestContext } from '../../kernel/request-context.js';
import type { AccountService } from './account.service.js';
import { ChangePasswordInput, Me, PasswordChanged } from './account.types.js';

const ChangePasswordResult = createUnionType({
  name: 'ChangePasswordResult',
  description: 'What the new password has ended',
  types: () => [PasswordChanged] as const,
});

@Resolver(() => Me)
export class AccountResolver {
  constructor(private readonly accounts: AccountService) {}

  @Query(() => Me, { description: 'Who is signed in' })
  @Allow('self.read')
  me(@Ctx() ctx: RequestContext): Promise<Me> {
    return this.accounts.me(ctx);
  }

  @Mutation(() => ChangePasswordResult, { description: 'Changes your password and ends your other sessions' })
  @Allow('self.protect')
  changePassword(
    @Arg('input', () => ChangePasswordInput, { description: 'The new password' }) input: ChangePasswordInput,
    @Ctx() ctx: RequestContext,
  ): Promise<PasswordChanged> {
    return this.accounts.changePassword(ctx, input.newPassword);
  }
}
