import { API_LIMITS } from '@pilothouse/protocol';
import { z } from 'zod';
import { authorise } from '../../kernel/authorisation/index.js';
import type { AuditAction, Database, Transaction, WriteTransaction } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { Fault, notFound } from '../../kernel/fault.js';
import { decodeTextCursor, pageSize, toPage, type Page } from '../../kernel/graphql/connection.js';
import { isId } from '../../kernel/ids.js';
import { nameText } from '../../kernel/input-text.js';
import type { RequestContext, WorkspaceContext } from '../../kernel/request-context.js';
import { revoke } from '../../kernel/revoke.js';
import { GroupNotFound, type ServerGroupDirectory } from '../server-groups/index.js';
import type { ServerAccess } from './server.access.js';
import {
  boundedList,
  concurrencyNumber,
  descriptionText,
  permissionsOf,
  possibleIds,
  SERVER_LIMITS,
  tagTexts,
} from './server.checks.js';
import type { ServerFilter } from './server-filter.sql.js';
import type { ServerFilterInput, ServersArgs, UpdateServerInput } from './server.inputs.js';
import type { ServerRecord } from './server.record.js';
import type { RevocationHooks } from './revocation.hooks.js';
import { ServerNameTaken, ServerNotRevoked } from './server.refusals.js';
import { isNameConflict, ServerOrder, type ServerFields, type ServerRepository } from './server.repository.js';
import type { ServerTagRepository } from './server-tag.repository.js';

/** A time as lists are sorted by it: microseconds. */
const TIME_KEY = z.string().regex(/^-?\d{1,18}$/);

export interface ServerServiceParts {
  database: Database;
  bus: EventBus;
  servers: ServerRepository;
  access: ServerAccess;
  tags: ServerTagRepository;
  groups: ServerGroupDirectory;
  hooks: RevocationHooks;
}

/** Servers: reading them, and changing one of them. */
export class ServerService {
  constructor(private readonly parts: ServerServiceParts) {}

  async get(ctx: RequestContext, id: string): Promise<ServerRecord> {
    const { database, servers } = this.parts;
    const record = isId(id) ? await database.read(ctx, (tx) => servers.find(tx, id)) : null;
    if (!record) throw notFound('The server');
    return record;
  }

  async list(ctx: RequestContext, { first, after, filter, orderBy }: ServersArgs): Promise<Page<ServerRecord>> {
    const size = pageSize(first);
    const query = {
      filter: checkFilter(filter ?? {}),
      order: orderBy,
      take: size + 1,
      after: after ? decodeTextCursor(after, orderBy === ServerOrder.NAME ? undefined : TIME_KEY) : null,
      now: ctx.now(),
    };
    const rows = await this.parts.database.read(ctx, (tx) => this.parts.servers.list(tx, query));
    return toPage(rows, size, (row) => [row.sortKey, row.id]);
  }

  /** @throws what `servers.enrol` throws, where the server would allow more than it does. */
  async update(
    ctx: WorkspaceContext,
    { serverId: id, ...input }: UpdateServerInput,
  ): Promise<ServerRecord | ServerNameTaken | GroupNotFound> {
    const fields = checkFields(input);
    const change = this.parts.database.write(ctx, async (tx) => {
      const record = await this.parts.access.open(ctx, tx, id);
      if (isWidened(record, fields)) authorise(ctx, 'servers.enrol');
      const { groupId } = fields;
      if (groupId != null && !(await this.parts.groups.hold(tx, groupId))) return GroupNotFound.of(groupId);
      if (Object.keys(fields).length > 0) {
        await this.parts.servers.update(tx, [id], fields);
        note(tx, { action: 'server-updated', id, detail: fields });
      }
      return this.mustFind(tx, id);
    });
    return change.catch((error: unknown) => {
      if (isNameConflict(error)) return ServerNameTaken.of(fields.name ?? '');
      throw error;
    });
  }

  setTags(
    ctx: WorkspaceContext,
    { serverId: id, tags: given }: { serverId: string; tags: readonly string[] },
  ): Promise<ServerRecord> {
    const tags = tagTexts(given);
    return this.parts.database.write(ctx, async (tx) => {
      const record = await this.parts.access.open(ctx, tx, id);
      await this.parts.tags.replace(tx, { id: record.id, workspaceId: ctx.workspaceId }, tags);
      note(tx, { action: 'server-tags-set', id: record.id, detail: { tags, before: record.tags } });
      return this.mustFind(tx, id);
    });
  }

  setMaintenance(
    ctx: WorkspaceContext,
    { serverId: id, maintenance }: { serverId: string; maintenance: boolean },
  ): Promise<ServerRecord> {
    return this.parts.database.write(ctx, async (tx) => {
      const record = await this.parts.access.open(ctx, tx, id);
      if (record.maintenance === maintenance) return record;
      await this.parts.servers.update(tx, [id], { maintenance });
      note(tx, { action: 'server-maintenance-set', id: record.id, detail: { maintenance } });
      return this.mustFind(tx, id);
    });
  }

  /** Ends trust in the server's agent, cuts its connection, and voids what was signed for it. */
  revoke(ctx: WorkspaceContext, id: string): Promise<ServerRecord> {
    return this.parts.database.write(ctx, async (tx) => {
      const record = await this.parts.access.openTrust(ctx, tx, id);
      if (record.revokedAt !== null) return record;
      await this.parts.servers.revoke(tx, record.id, ctx.now());
      await revoke(tx, this.parts.bus, [{ kind: 'SERVER', subjectId: record.id }]);
      await this.parts.hooks.run(ctx, tx, record.id);
      note(tx, { action: 'server-revoked', id: record.id, detail: { name: record.name } });
      return this.mustFind(tx, id);
    });
  }

  /** Removes a server from sight; its history stays. */
  delete(ctx: WorkspaceContext, id: string): Promise<{ id: string } | ServerNotRevoked> {
    return this.parts.database.write(ctx, async (tx) => {
      const record = await this.parts.access.open(ctx, tx, id);
      if (record.revokedAt === null && record.enrolledAt !== null) return ServerNotRevoked.of(record);
      await this.parts.servers.update(tx, [id], { deletedAt: ctx.now(), groupId: null });
      note(tx, { action: 'server-deleted', id: record.id, detail: { name: record.name } });
      return { id: record.id };
    });
  }

  private async mustFind(tx: Transaction, id: string): Promise<ServerRecord> {
    const record = await this.parts.servers.find(tx, id);
    if (!record) throw new Error('A server vanished inside its own transaction');
    return record;
  }
}

function note(
  tx: WriteTransaction,
  { action, id, detail }: { action: AuditAction; id: string; detail: Readonly<Record<string, unknown>> },
): void {
  tx.changed('SERVER', id);
  tx.audit({ action, target: { kind: 'SERVER', id }, detail });
}

/** Whether more could be done on the server than now, or the same with less care. */
function isWidened(record: ServerRecord, { scopes = record.scopes, ...fields }: ServerFields): boolean {
  return scopes.some((scope) => !record.scopes.includes(scope)) || (record.protected && fields.protected === false);
}

function checkFields(input: Omit<UpdateServerInput, 'serverId'>): ServerFields {
  const permissions = permissionsOf(input);
  return {
    ...(input.name != null && { name: nameText(input.name, 'The name') }),
    ...(input.description != null && { description: descriptionText(input.description) }),
    ...(input.groupId !== undefined && { groupId: input.groupId }),
    ...permissions,
    ...(input.protected != null && { protected: input.protected }),
    ...(input.concurrency != null && { concurrency: concurrencyNumber(input.concurrency) }),
  };
}

function checkFilter(filter: ServerFilterInput): ServerFilter {
  const { search, states, tagsAny, tagsAll, groupId, serverIds } = filter;
  if (search != null) boundedList([search], 1, 'search');
  if (search != null && search.length > SERVER_LIMITS.maxSearchCharacters) {
    throw new Fault('BAD_USER_INPUT', `search may have at most ${SERVER_LIMITS.maxSearchCharacters} characters.`);
  }
  return {
    ...(search != null && { search: search.trim() }),
    ...(states && { states: [...new Set(states)] }),
    ...(tagsAny && { tagsAny: boundedList(tagsAny, SERVER_LIMITS.maxTags, 'tagsAny') }),
    ...(tagsAll && { tagsAll: boundedList(tagsAll, SERVER_LIMITS.maxTags, 'tagsAll') }),
    ...(groupId != null && { groupId }),
    ...(serverIds && { ids: possibleIds(serverIds, API_LIMITS.maxPageSize, 'serverIds') }),
    // In a group that cannot exist lies nothing.
    ...(groupId != null && !isId(groupId) && { groupId: null, ids: [] }),
  };
}
