import { v7 as uuidv7 } from 'uuid';
import type { AuditAction, Database, Transaction, WriteTransaction } from '../../kernel/database/index.js';
import { notFound } from '../../kernel/fault.js';
import { decodeTextCursor, pageSize, toPage, type Page } from '../../kernel/graphql/connection.js';
import { idOfKey } from '../../kernel/idempotency-key.js';
import { knownId } from '../../kernel/ids.js';
import { nameText } from '../../kernel/input-text.js';
import { Quota, QuotaReached } from '../../kernel/quota.refusal.js';
import { userIdOf, type WorkspaceContext } from '../../kernel/request-context.js';
import { GroupCycle, GroupNameTaken, GroupNotEmpty, GroupNotFound, GroupTooDeep } from './server-group.refusals.js';
import type { GroupRecord, ServerGroupRepository, TagRecord } from './server-group.repository.js';
import { colourText, GROUP_LIMITS, misplacement, type Placed } from './server-group.rules.js';

/** As many tags as a page to choose from can show. */
const MAX_TAGS = 500;

type PlaceRefusal = GroupNameTaken | GroupNotFound | GroupTooDeep | GroupCycle;

export interface NewGroup {
  name: string;
  parentId?: string | null;
  colour?: string | null;
  idempotencyKey: string;
}

export interface GroupChange {
  groupId: string;
  name?: string | null;
  parentId?: string | null;
  colour?: string | null;
}

export class ServerGroupService {
  constructor(private readonly parts: { database: Database; groups: ServerGroupRepository }) {}

  async list(
    ctx: WorkspaceContext,
    { first, after }: { first: number; after?: string | null },
  ): Promise<Page<GroupRecord>> {
    const size = pageSize(first);
    const page = { take: size + 1, after: after ? decodeTextCursor(after) : null };
    const rows = await this.parts.database.read(ctx, (tx) => this.parts.groups.list(tx, page));
    return toPage(rows, size, (row) => [row.sortKey, row.id]);
  }

  tags(ctx: WorkspaceContext): Promise<TagRecord[]> {
    return this.parts.database.read(ctx, (tx) => this.parts.groups.tags(tx, MAX_TAGS));
  }

  create(
    ctx: WorkspaceContext,
    input: NewGroup,
  ): Promise<GroupRecord | Exclude<PlaceRefusal, GroupCycle> | QuotaReached> {
    const name = nameText(input.name, 'The name');
    const colour = colourText(input.colour ?? null);
    const parentId = input.parentId ?? null;
    const id = newId(ctx, input.idempotencyKey);
    return this.parts.database.write(ctx, async (tx) => {
      const { groups } = this.parts;
      const tree = await groups.lockTree(tx, ctx.workspaceId);
      if (tree.has(id)) return this.mustFind(tx, id);
      if (tree.size >= GROUP_LIMITS.maxPerWorkspace)
        return new QuotaReached(Quota.SERVER_GROUPS, GROUP_LIMITS.maxPerWorkspace);
      const refusal = await this.refusePlace(tx, tree, { id, parentId, name });
      // A group that is not there yet has nothing inside it to lie in.
      if (refusal && !(refusal instanceof GroupCycle)) return refusal;
      await groups.insert(tx, { id, workspaceId: ctx.workspaceId, parentId, name, colour, createdAt: ctx.now() });
      this.note(tx, { action: 'server-group-created', id, detail: { name, parentId } });
      return this.mustFind(tx, id);
    });
  }

  update(ctx: WorkspaceContext, { groupId: id, ...input }: GroupChange): Promise<GroupRecord | PlaceRefusal> {
    knownId(id, 'The group');
    const name = input.name == null ? undefined : nameText(input.name, 'The name');
    const colour = input.colour === undefined ? undefined : colourText(input.colour);
    return this.parts.database.write(ctx, async (tx) => {
      const { groups } = this.parts;
      const tree = await groups.lockTree(tx, ctx.workspaceId);
      const [current] = await groups.findMany(tx, [id]);
      if (!current) throw notFound('The group');
      const parentId = input.parentId === undefined ? current.parentId : input.parentId;
      const refusal = await this.refusePlace(tx, tree, { id, parentId, name: name ?? current.name });
      if (refusal) return refusal;
      const fields = { parentId, ...(name !== undefined && { name }), ...(colour !== undefined && { colour }) };
      await groups.update(tx, id, fields);
      this.note(tx, { action: 'server-group-updated', id, detail: fields });
      return this.mustFind(tx, id);
    });
  }

  /** @param moveContentsToId undefined: only an empty group is deleted; null: its contents go to the top. */
  delete(
    ctx: WorkspaceContext,
    { groupId: id, moveContentsToId }: { groupId: string; moveContentsToId?: string | null },
  ): Promise<{ id: string } | GroupNotEmpty | PlaceRefusal> {
    knownId(id, 'The group');
    return this.parts.database.write(ctx, async (tx) => {
      const { groups } = this.parts;
      const tree = await groups.lockTree(tx, ctx.workspaceId);
      const [group] = await groups.findMany(tx, [id]);
      if (!group) throw notFound('The group');
      const children = await groups.childrenOf(tx, id);
      if (moveContentsToId === undefined && group.serverCount + children.length > 0) {
        return GroupNotEmpty.of({ serverCount: group.serverCount, groupCount: children.length });
      }
      const to = moveContentsToId ?? null;
      const refusal = await this.refuseMove(tx, tree, { id, children, to });
      if (refusal) return refusal;
      const moved = await groups.moveServers(tx, id, to);
      // A group inside may bear the name of the one that goes, and takes its place before it is gone.
      await groups.update(tx, id, { name: id });
      await groups.moveGroups(
        tx,
        children.map((child) => child.id),
        to,
      );
      await groups.delete(tx, id);
      for (const serverId of moved) tx.changed('SERVER', serverId);
      for (const child of children) tx.changed('GROUP', child.id);
      this.note(tx, {
        action: 'server-group-deleted',
        id,
        detail: { name: group.name, movedTo: to, servers: moved.length, groups: children.length },
      });
      return { id };
    });
  }

  /** Whether contents of a group that goes may lie in the group they are to be moved to. */
  private async refuseMove(
    tx: Transaction,
    tree: ReadonlyMap<string, Placed>,
    { id, children, to }: { id: string; children: readonly { id: string; name: string }[]; to: string | null },
  ): Promise<PlaceRefusal | null> {
    if (to === id) return GroupCycle.of(id);
    if (to !== null && !tree.has(to)) return GroupNotFound.of(to);
    // The group that goes does not take up its name any more.
    const left = new Map([...tree].filter(([key]) => key !== id));
    for (const child of children) {
      const refusal = await this.refusePlace(tx, left, { id: child.id, parentId: to, name: child.name, except: id });
      if (refusal) return refusal;
    }
    return null;
  }

  private async refusePlace(
    tx: Transaction,
    tree: ReadonlyMap<string, Placed>,
    place: { id: string; parentId: string | null; name: string; except?: string },
  ): Promise<PlaceRefusal | null> {
    const { id, parentId, name } = place;
    if (parentId !== null && !tree.has(parentId)) return GroupNotFound.of(parentId);
    const wrong = misplacement(id, parentId, tree);
    if (wrong === 'CYCLE') return GroupCycle.of(parentId ?? id);
    if (wrong === 'TOO_DEEP') return GroupTooDeep.of();
    const free = await this.parts.groups.isNameFree(tx, { ...place, except: [id, place.except ?? id] });
    return free ? null : GroupNameTaken.of(name);
  }

  private note(
    tx: WriteTransaction,
    { action, id, detail }: { action: AuditAction; id: string; detail: Record<string, unknown> },
  ): void {
    tx.changed('GROUP', id);
    tx.audit({ action, target: { kind: 'GROUP', id }, detail });
  }

  private async mustFind(tx: Transaction, id: string): Promise<GroupRecord> {
    const [group] = await this.parts.groups.findMany(tx, [id]);
    if (!group) throw new Error('A group vanished inside its own transaction');
    return group;
  }
}

function newId(ctx: WorkspaceContext, idempotencyKey: string): string {
  const userId = userIdOf(ctx.actor);
  if (userId === null) return uuidv7();
  return idOfKey(idempotencyKey, { userId, kind: `server-group:${ctx.workspaceId}` });
}
