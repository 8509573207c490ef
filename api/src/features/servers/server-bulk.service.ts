import type { AuditAction, Database, WriteTransaction } from '../../kernel/database/index.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { GroupNotFound, type ServerGroupDirectory } from '../server-groups/index.js';
import { mayChange, type ServerAccess } from './server.access.js';
import { bulkIds, SERVER_LIMITS, tagTexts } from './server.checks.js';
import { ServerProblem } from './server.inputs.js';
import type { ServerRecord } from './server.record.js';
import type { ServerRepository } from './server.repository.js';
import type { ServerTagRepository } from './server-tag.repository.js';

export interface BulkOutcome {
  serverId: string;
  record: ServerRecord | null;
  problem: ServerProblem | null;
}

interface BulkChange {
  ids: readonly string[];
  /** Why one server cannot be changed, beside that it is not there or not the caller's. */
  refuse?: (record: ServerRecord) => ServerProblem | null;
  apply: (records: readonly ServerRecord[]) => Promise<void>;
  action: AuditAction;
  detail: Record<string, unknown>;
}

/** One change to many servers: each is changed or has its own reason why not. */
export class ServerBulkService {
  constructor(
    private readonly parts: {
      database: Database;
      servers: ServerRepository;
      access: ServerAccess;
      tags: ServerTagRepository;
      groups: ServerGroupDirectory;
    },
  ) {}

  setTags(
    ctx: WorkspaceContext,
    input: { serverIds: readonly string[]; add: readonly string[]; remove: readonly string[] },
  ): Promise<BulkOutcome[]> {
    const { tags } = this.parts;
    const add = tagTexts(input.add);
    const remove = tagTexts(input.remove).filter((tag) => !add.includes(tag));
    const { workspaceId } = ctx;
    return this.parts.database.write(ctx, (tx) =>
      this.change(ctx, tx, {
        ids: bulkIds(input.serverIds),
        refuse: (record) => {
          const after = new Set([...record.tags.filter((tag) => !remove.includes(tag)), ...add]);
          return after.size > SERVER_LIMITS.maxTags ? ServerProblem.TOO_MANY_TAGS : null;
        },
        apply: async (records) => {
          const servers = records.map(({ id }) => ({ id, workspaceId }));
          await tags.remove(tx, servers, remove);
          await tags.add(tx, servers, add);
        },
        action: 'server-tags-changed',
        detail: { add, remove },
      }),
    );
  }

  moveToGroup(
    ctx: WorkspaceContext,
    input: { serverIds: readonly string[]; groupId?: string | null },
  ): Promise<BulkOutcome[] | GroupNotFound> {
    const { database, groups, servers } = this.parts;
    const groupId = input.groupId ?? null;
    const ids = bulkIds(input.serverIds);
    return database.write(ctx, async (tx) => {
      if (groupId !== null && !(await groups.hold(tx, groupId))) return GroupNotFound.of(groupId);
      return this.change(ctx, tx, {
        ids,
        apply: (records) =>
          servers.update(
            tx,
            records.map(({ id }) => id),
            { groupId },
          ),
        action: 'servers-moved',
        detail: { groupId },
      });
    });
  }

  private async change(
    ctx: WorkspaceContext,
    tx: WriteTransaction,
    { ids, refuse, apply, action, detail }: BulkChange,
  ): Promise<BulkOutcome[]> {
    const { access, servers } = this.parts;
    const found = await access.openMany(tx, ids);
    const problems = new Map(ids.map((id) => [id, problemOf(ctx, found.get(id), refuse)]));
    const changing = [...found.values()].filter(({ id }) => problems.get(id) === null);
    const serverIds = changing.map(({ id }) => id);
    if (changing.length > 0) {
      await apply(changing);
      for (const id of serverIds) tx.changed('SERVER', id);
      tx.audit({ action, target: { kind: 'WORKSPACE', id: ctx.workspaceId }, detail: { ...detail, serverIds } });
    }
    const after = new Map((await servers.findMany(tx, serverIds)).map((record) => [record.id, record]));
    return ids.map((serverId) => ({
      serverId,
      record: after.get(serverId) ?? null,
      problem: problems.get(serverId) ?? null,
    }));
  }
}

function problemOf(
  ctx: WorkspaceContext,
  record: ServerRecord | undefined,
  refuse: BulkChange['refuse'],
): ServerProblem | null {
  if (!record) return ServerProblem.NOT_FOUND;
  if (!mayChange(ctx, record)) return ServerProblem.FORBIDDEN;
  return refuse?.(record) ?? null;
}
