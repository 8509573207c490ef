import { Arg, Args, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { PageArgs, toConnection } from '../../kernel/graphql/connection.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { Refusal } from '../../kernel/refusal.js';
import type { GroupRecord } from './server-group.repository.js';
import type { ServerGroupService } from './server-group.service.js';
import {
  CreateServerGroupInput,
  CreateServerGroupResult,
  DeleteServerGroupInput,
  DeleteServerGroupResult,
  ServerGroup,
  ServerGroupConnection,
  ServerGroupDeleted,
  TagCount,
  UpdateServerGroupInput,
  UpdateServerGroupResult,
} from './server-group.types.js';

@Resolver()
export class ServerGroupResolver {
  constructor(private readonly groups: ServerGroupService) {}

  @Query(() => ServerGroupConnection, {
    description: 'All groups of the workspace by name; `parentId` makes them a tree',
  })
  @Allow('servers.read')
  async serverGroups(@Args(() => PageArgs) page: PageArgs, @Ctx() ctx: WorkspaceContext) {
    return toConnection(await this.groups.list(ctx, page), toGroupNode);
  }

  @Query(() => [TagCount], { description: 'The tags in use, those of most servers first; at most 500' })
  @Allow('servers.read')
  tags(@Ctx() ctx: WorkspaceContext): Promise<TagCount[]> {
    return this.groups.tags(ctx);
  }

  @Mutation(() => CreateServerGroupResult, { description: 'Makes a group' })
  @Allow('groups.write')
  async createServerGroup(
    @Arg('input', () => CreateServerGroupInput, { description: 'The group' }) input: CreateServerGroupInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof CreateServerGroupResult> {
    const made = await this.groups.create(ctx, input);
    return made instanceof Refusal ? made : toGroupNode(made);
  }

  @Mutation(() => UpdateServerGroupResult, { description: 'Renames, moves or colours a group' })
  @Allow('groups.write')
  async updateServerGroup(
    @Arg('input', () => UpdateServerGroupInput, { description: 'What to change' }) input: UpdateServerGroupInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof UpdateServerGroupResult> {
    const changed = await this.groups.update(ctx, input);
    return changed instanceof Refusal ? changed : toGroupNode(changed);
  }

  @Mutation(() => DeleteServerGroupResult, { description: 'Deletes a group; servers are moved, never deleted with it' })
  @Allow('groups.write')
  async deleteServerGroup(
    @Arg('input', () => DeleteServerGroupInput, { description: 'Which, and where its contents go' })
    input: DeleteServerGroupInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof DeleteServerGroupResult> {
    const deleted = await this.groups.delete(ctx, input);
    return deleted instanceof Refusal ? deleted : Object.assign(new ServerGroupDeleted(), deleted);
  }
}

export function toGroupNode({ sortKey: _, ...group }: GroupRecord): ServerGroup {
  return Object.assign(new ServerGroup(), group);
}
