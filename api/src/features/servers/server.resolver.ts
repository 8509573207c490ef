import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { PageArgs, toConnection } from '../../kernel/graphql/connection.js';
import { Refusal } from '../../kernel/refusal.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { ServerGroup, type ServerGroupDirectory } from '../server-groups/index.js';
import type { AgentLinkService } from './agent-link.service.js';
import { PermissionProfileDetails, PROFILE_DETAILS, SCOPE_DETAILS, ScopeDetails } from './permission.types.js';
import {
  ChangeTagsOnServersInput,
  ChangeTagsOnServersResult,
  DeleteServerInput,
  DeleteServerResult,
  MoveServersToGroupInput,
  MoveServersToGroupResult,
  RevokeServerInput,
  RevokeServerResult,
  ServerDeleted,
  ServerOutcome,
  ServerOutcomes,
  ServersArgs,
  SetServerMaintenanceInput,
  SetServerMaintenanceResult,
  SetServerTagsInput,
  SetServerTagsResult,
  UpdateServerInput,
  UpdateServerResult,
} from './server.inputs.js';
import { toServerNode } from './server.node.js';
import type { ServerService } from './server.service.js';
import { AgentLinkConnection, Server, ServerConnection } from './server.types.js';
import type { BulkOutcome, ServerBulkService } from './server-bulk.service.js';

@Resolver(() => Server)
export class ServerResolver {
  constructor(
    private readonly parts: {
      servers: ServerService;
      bulk: ServerBulkService;
      links: AgentLinkService;
      groups: ServerGroupDirectory;
    },
  ) {}

  @Query(() => ServerConnection, { description: 'The servers of the workspace' })
  @Allow('servers.read')
  async servers(@Args(() => ServersArgs) args: ServersArgs, @Ctx() ctx: WorkspaceContext) {
    const page = await this.parts.servers.list(ctx, args);
    return toConnection(page, (record) => toServerNode(record, ctx.now()));
  }

  @Query(() => Server, { description: 'One server' })
  @Allow('servers.read')
  async server(
    @Arg('id', () => ID, { description: 'The server' }) id: string,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<Server> {
    return toServerNode(await this.parts.servers.get(ctx, id), ctx.now());
  }

  @Query(() => [PermissionProfileDetails], { description: 'Sets of scopes to choose from when a server is added' })
  @Allow('servers.read')
  permissionProfiles(): PermissionProfileDetails[] {
    return [...PROFILE_DETAILS];
  }

  @Query(() => [ScopeDetails], { description: 'Every scope, to choose from one by one' })
  @Allow('servers.read')
  permissionScopes(): ScopeDetails[] {
    return [...SCOPE_DETAILS];
  }

  @FieldResolver(() => ServerGroup, { nullable: true, description: 'The group it lies in' })
  @Allow('PARENT')
  group(@Root() server: Server, @Ctx() ctx: WorkspaceContext): Promise<ServerGroup | null> | null {
    return server.groupId === null ? null : this.parts.groups.load(ctx, server.groupId);
  }

  @FieldResolver(() => AgentLinkConnection, { description: 'Connections of its agent, the newest first' })
  @Allow('PARENT')
  async connections(@Root() server: Server, @Args(() => PageArgs) page: PageArgs, @Ctx() ctx: WorkspaceContext) {
    return toConnection(await this.parts.links.page(ctx, server.id, page), (link) => link);
  }

  @Mutation(() => UpdateServerResult, {
    description: 'Changes a server; to let it allow more needs what createServer needs',
  })
  @Allow('servers.write')
  async updateServer(
    @Arg('input', () => UpdateServerInput, { description: 'What to change' }) input: UpdateServerInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof UpdateServerResult> {
    const changed = await this.parts.servers.update(ctx, input);
    return changed instanceof Refusal ? changed : toServerNode(changed, ctx.now());
  }

  @Mutation(() => SetServerTagsResult, { description: 'Sets the tags of a server' })
  @Allow('servers.write')
  async setServerTags(
    @Arg('input', () => SetServerTagsInput, { description: 'Server and tags' }) input: SetServerTagsInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<Server> {
    return toServerNode(await this.parts.servers.setTags(ctx, input), ctx.now());
  }

  @Mutation(() => SetServerMaintenanceResult, { description: 'Marks a server as being worked on, or no longer' })
  @Allow('servers.write')
  async setServerMaintenance(
    @Arg('input', () => SetServerMaintenanceInput, { description: 'Server and mark' }) input: SetServerMaintenanceInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<Server> {
    return toServerNode(await this.parts.servers.setMaintenance(ctx, input), ctx.now());
  }

  @Mutation(() => RevokeServerResult, {
    description: 'Ends trust in a server’s agent: it is cut off, and nothing signed for it before is valid',
  })
  @Allow('servers.write')
  async revokeServer(
    @Arg('input', () => RevokeServerInput, { description: 'Which server' }) { serverId }: RevokeServerInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<Server> {
    return toServerNode(await this.parts.servers.revoke(ctx, serverId), ctx.now());
  }

  @Mutation(() => DeleteServerResult, { description: 'Deletes a server that is revoked or was never enrolled' })
  @Allow('servers.write')
  async deleteServer(
    @Arg('input', () => DeleteServerInput, { description: 'Which server' }) { serverId }: DeleteServerInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof DeleteServerResult> {
    const deleted = await this.parts.servers.delete(ctx, serverId);
    return deleted instanceof Refusal ? deleted : Object.assign(new ServerDeleted(), deleted);
  }

  @Mutation(() => ChangeTagsOnServersResult, { description: 'Gives tags to servers and takes tags from them' })
  @Allow('servers.write')
  async changeTagsOnServers(
    @Arg('input', () => ChangeTagsOnServersInput, { description: 'Servers and tags' }) input: ChangeTagsOnServersInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<ServerOutcomes> {
    return toOutcomes(await this.parts.bulk.setTags(ctx, input), ctx.now());
  }

  @Mutation(() => MoveServersToGroupResult, { description: 'Puts servers into a group' })
  @Allow('servers.write')
  async moveServersToGroup(
    @Arg('input', () => MoveServersToGroupInput, { description: 'Servers and group' }) input: MoveServersToGroupInput,
    @Ctx() ctx: WorkspaceContext,
  ): Promise<typeof MoveServersToGroupResult> {
    const moved = await this.parts.bulk.moveToGroup(ctx, input);
    return moved instanceof Refusal ? moved : toOutcomes(moved, ctx.now());
  }
}

function toOutcomes(outcomes: readonly BulkOutcome[], now: Date): ServerOutcomes {
  return Object.assign(new ServerOutcomes(), {
    outcomes: outcomes.map(({ serverId, record, problem }) =>
      Object.assign(new ServerOutcome(), { serverId, problem, server: record && toServerNode(record, now) }),
    ),
  });
}
