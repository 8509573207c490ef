import { seedServer, type SeededWorkspace, type ServerSeed } from '@pilothouse/db/testing';
import type { WorkspaceContext } from '../../../kernel/request-context.js';
import { Fleet } from '../../../testing/fleet.js';

export const UNKNOWN = '018f0000-0000-7000-8000-000000000000';
/** Ids that all get the answer of one that is not there. */
export const NO_IDS = [UNKNOWN, '', 'x\0', '1', `' or 1=1 --`, `${UNKNOWN}0`];

export const FIELDS = `id name description tags automaticTags profile scopes protected maintenance concurrency state stateReason
  connected group { id name } facts { hostname } healthChecks { name ok message } duplicateIdentity queueHeld lastSeenAt`;
export const SERVER = `query ($id: ID!) { server(id: $id) { ${FIELDS} } }`;
export const SERVERS = `query ($first: Int, $after: String, $filter: ServerFilterInput, $orderBy: ServerOrder) {
  servers(first: $first, after: $after, filter: $filter, orderBy: $orderBy) { nodes { id name } pageInfo { hasNextPage endCursor } } }`;
export const mutation = (name: string, type: string, selection: string) =>
  `mutation ($input: ${type}!) { ${name}(input: $input) { ${selection} } }`;
export const UPDATE = mutation(
  'updateServer',
  'UpdateServerInput',
  `__typename ... on Server { ${FIELDS} } ... on Refusal { code }`,
);
export const SET_TAGS = mutation('setServerTags', 'SetServerTagsInput', '... on Server { id tags automaticTags }');
export const MAINTENANCE = mutation(
  'setServerMaintenance',
  'SetServerMaintenanceInput',
  '... on Server { id maintenance state stateReason }',
);
const OUTCOMES = 'outcomes { serverId server { name tags group { name } } problem }';
export const BULK_TAGS = mutation(
  'changeTagsOnServers',
  'ChangeTagsOnServersInput',
  `... on ServerOutcomes { ${OUTCOMES} }`,
);
export const BULK_MOVE = mutation(
  'moveServersToGroup',
  'MoveServersToGroupInput',
  `... on ServerOutcomes { ${OUTCOMES} } ... on Refusal { code }`,
);
export const REVOKE =
  'mutation ($id: ID!) { revokeServer(input: { serverId: $id }) { ... on Server { id state connected } } }';
export const DELETE =
  'mutation ($id: ID!) { deleteServer(input: { serverId: $id }) { __typename ... on ServerDeleted { id } ... on Refusal { code message } } }';

/** A server whose agent is connected. */
export const ONLINE = { identity: { publicKey: 'key' }, session: {} } satisfies ServerSeed;

/** A workspace with an admin, filled by hand. */
export class ServerScene {
  private constructor(
    readonly fleet: Fleet,
    readonly member: SeededWorkspace,
    readonly admin: WorkspaceContext,
  ) {}

  static async open(fleet: Fleet): Promise<ServerScene> {
    const member = await fleet.workspace();
    return new ServerScene(fleet, member, fleet.harness.as(member, 'ADMIN'));
  }

  ask(document: string, variables: Record<string, unknown>, ctx = this.admin) {
    return this.fleet.harness.ask(ctx, document, variables);
  }

  /** @param options.update what to set of its row, in SQL. */
  async add(seed: ServerSeed = {}, options: { update?: string; tags?: string[] } = {}): Promise<string> {
    const { harness } = this.fleet;
    const { workspaceId } = this.member;
    const { serverId } = await seedServer(harness.db, workspaceId, seed);
    if (options.update) await harness.sql(`update servers set ${options.update} where id = $1`, [serverId]);
    await harness.sql(
      'insert into server_tags (workspace_id, server_id, tag, automatic) select $1, $2, t, false from unnest($3::text[]) t',
      [workspaceId, serverId, options.tags ?? []],
    );
    return serverId;
  }

  async addGroup(name: string, parentId: string | null = null, { workspaceId } = this.member): Promise<string> {
    const [group] = await this.fleet.harness.sql<{ id: string }>(
      `insert into server_groups (id, workspace_id, parent_id, name, created_at)
       values (gen_random_uuid(), $1, $2, $3, now()) returning id`,
      [workspaceId, parentId, name],
    );
    return group!.id;
  }

  /** Names of the servers listed. */
  async names(variables: Record<string, unknown> = {}, ctx = this.admin): Promise<string[]> {
    const { data } = await this.ask(SERVERS, variables, ctx);
    return data.servers.nodes.map(({ name }: { name: string }) => name);
  }
}
