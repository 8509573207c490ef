import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import type { EnrolmentService } from './enrolment.service.js';
import { CreateServerInput, CreateServerResult, ReenrolServerInput, ReenrolServerResult } from './enrolment.types.js';

@Resolver()
export class EnrolmentResolver {
  constructor(private readonly enrolment: EnrolmentService) {}

  @Mutation(() => CreateServerResult, { description: 'Adds a server, and gives the token that enrols its agent' })
  @Allow('servers.enrol')
  createServer(
    @Arg('input', () => CreateServerInput, { description: 'The server' }) input: CreateServerInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof CreateServerResult> {
    return this.enrolment.createServer(ctx, input);
  }

  @Mutation(() => ReenrolServerResult, {
    description: 'Gives a new token for a server: its key was lost, it was revoked, or it moves to another host',
  })
  @Allow('servers.enrol')
  reenrolServer(
    @Arg('input', () => ReenrolServerInput, { description: 'The server' }) input: ReenrolServerInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof ReenrolServerResult> {
    return this.enrolment.reenrolServer(ctx, input);
  }
}
