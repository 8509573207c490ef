import { Arg, Args, createUnionType, Ctx, FieldResolver, Mutation, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { PageArgs, toConnection } from '../../kernel/graphql/connection.js';
import { SafeInt } from '../../kernel/graphql/scalars.js';
import { QuotaReached } from '../../kernel/quota.refusal.js';
import type { RequestContext } from '../../kernel/request-context.js';
import { Me } from '../people/index.js';
import type { WorkspaceService } from './workspace.service.js';
import {
  CreateWorkspaceInput,
  MembershipConnection,
  RenameWorkspaceInput,
  Workspace,
  WorkspaceRole,
} from './workspace.types.js';

const CreateWorkspaceResult = createUnionType({
  name: 'CreateWorkspaceResult',
  description: 'The new workspace, or why there is none',
  types: () => [Workspace, QuotaReached] as const,
});

const RenameWorkspaceResult = createUnionType({
  name: 'RenameWorkspaceResult',
  description: 'The workspace under its new name',
  types: () => [Workspace] as const,
});

@Resolver()
export class WorkspaceResolver {
  constructor(private readonly workspaceService: WorkspaceService) {}

  @Query(() => Workspace, { description: 'The workspace that this request is about' })
  @Allow('workspace.read')
  workspace(@Ctx() ctx: RequestContext): Promise<Workspace> {
    return this.workspaceService.current(ctx);
  }

  @Query(() => SafeInt, {
    description:
      'Number of the newest change in this workspace. Ask for it before reading a list, then follow after it: nothing falls in between',
  })
  @Allow('workspace.read')
  newestChange(@Ctx() ctx: RequestContext): Promise<number> {
    return this.workspaceService.newestChange(ctx);
  }

  @Query(() => MembershipConnection, { description: 'The workspaces that you are a member of, by name' })
  @Allow('self.read')
  async workspaces(@Args(() => PageArgs) page: PageArgs, @Ctx() ctx: RequestContext) {
    return toConnection(await this.workspaceService.mine(ctx, page), (membership) => membership);
  }

  @Mutation(() => CreateWorkspaceResult, { description: 'Makes a workspace, of which you are the owner' })
  @Allow('workspace.create')
  createWorkspace(
    @Arg('input', () => CreateWorkspaceInput, { description: 'The new workspace' }) input: CreateWorkspaceInput,
    @Ctx() ctx: RequestContext,
  ): Promise<Workspace | QuotaReached> {
    return this.workspaceService.create(ctx, input);
  }

  @Mutation(() => RenameWorkspaceResult, { description: 'Gives this workspace another name' })
  @Allow('workspace.rename')
  renameWorkspace(
    @Arg('input', () => RenameWorkspaceInput, { description: 'The new name' }) input: RenameWorkspaceInput,
    @Ctx() ctx: RequestContext,
  ): Promise<Workspace> {
    return this.workspaceService.rename(ctx, input.name);
  }
}

/** What a person's workspaces add to who they are. */
@Resolver(() => Me)
export class MyWorkspacesResolver {
  constructor(private readonly workspaceService: WorkspaceService) {}

  @FieldResolver(() => Workspace, { nullable: true, description: 'The workspace that this request is about, if any' })
  workspace(@Ctx() ctx: RequestContext): Promise<Workspace | null> {
    return this.workspaceService.find(ctx);
  }

  @FieldResolver(() => WorkspaceRole, { nullable: true, description: 'Your role in that workspace' })
  role(@Ctx() ctx: RequestContext): WorkspaceRole | null {
    return ctx.role && WorkspaceRole[ctx.role];
  }

  @FieldResolver(() => MembershipConnection, { description: 'The workspaces that you are a member of, by name' })
  async memberships(@Args(() => PageArgs) page: PageArgs, @Ctx() ctx: RequestContext) {
    return toConnection(await this.workspaceService.mine(ctx, page), (membership) => membership);
  }
}
