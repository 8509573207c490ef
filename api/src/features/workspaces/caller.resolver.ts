import { Ctx, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { Caller } from './caller.types.js';
import type { MemberService } from './member.service.js';

@Resolver()
export class CallerResolver {
  constructor(private readonly memberService: MemberService) {}

  @Query(() => Caller, { description: 'Who makes this request; for programs that want to know what they may do' })
  @Allow('caller.read')
  caller(@Ctx() ctx: WorkspaceContext): Promise<Caller> {
    return this.memberService.caller(ctx);
  }
}
