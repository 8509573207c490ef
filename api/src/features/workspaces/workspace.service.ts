import type { Database } from '../../kernel/database/index.js';
import { notFound } from '../../kernel/fault.js';
import { decodeTextCursor, pageSize, toPage, type Page } from '../../kernel/graphql/connection.js';
import { idOfKey } from '../../kernel/idempotency-key.js';
import { nameText } from '../../kernel/input-text.js';
import { Quota, QuotaReached } from '../../kernel/quota.refusal.js';
import { makeContext, userIdOf, type RequestContext } from '../../kernel/request-context.js';
import { lastChange } from '../../kernel/streams/change.repository.js';
import { asPerson } from '../people/index.js';
import type { MemberRepository } from './member.repository.js';
import type { MembershipRow, WorkspaceRepository } from './workspace.repository.js';
import { Workspace, WorkspaceRole, type CreateWorkspaceInput, type Membership } from './workspace.types.js';

const MAX_OWNED_WORKSPACES = 100;

export interface WorkspaceParts {
  database: Database;
  workspaces: WorkspaceRepository;
  members: MemberRepository;
}

/** Workspaces themselves: which there are for the caller, new ones, their names. */
export class WorkspaceService {
  constructor(private readonly parts: WorkspaceParts) {}

  /** The workspace that the request is about. @throws NOT_FOUND */
  async current(ctx: RequestContext): Promise<Workspace> {
    const workspace = await this.find(ctx);
    if (!workspace) throw notFound('The workspace');
    return workspace;
  }

  async find(ctx: RequestContext): Promise<Workspace | null> {
    const { workspaceId } = ctx;
    if (workspaceId === null) return null;
    const row = await this.parts.database.read(ctx, (tx) => this.parts.workspaces.current(tx, workspaceId));
    return row && Object.assign(new Workspace(), row);
  }

  newestChange(ctx: RequestContext): Promise<number> {
    return this.parts.database.read(ctx, (tx) => lastChange(tx));
  }

  /** The workspaces that the caller is a member of, by name. */
  async mine(ctx: RequestContext, page: { first: number; after?: string | null }): Promise<Page<Membership>> {
    const userId = userIdOf(ctx.actor);
    if (userId === null) throw notFound('The person');
    const take = pageSize(page.first);
    const after = page.after ? decodeTextCursor(page.after) : null;
    const rows = await this.parts.database.read(ctx, (tx) =>
      this.parts.workspaces.memberships(tx, { userId, take: take + 1, after }),
    );
    const cut = toPage(rows, take, (row) => [row.name, row.workspaceId]);
    return { ...cut, items: cut.items.map(toMembership) };
  }

  /** Makes a workspace whose only member, its owner, is the caller. */
  async create(ctx: RequestContext, input: CreateWorkspaceInput): Promise<Workspace | QuotaReached> {
    const { actor } = asPerson(ctx);
    const id = idOfKey(input.idempotencyKey, { userId: actor.id, kind: 'workspace' });
    const row = { id, name: nameText(input.name, 'The name of the workspace'), createdAt: ctx.now() };
    const inside = makeContext({ ...ctx, workspaceId: id, role: null, grants: [], credential: null });
    return this.parts.database.write(inside, async (tx) => {
      const present = await this.parts.workspaces.current(tx, id);
      if (present) return Object.assign(new Workspace(), present);
      const owned = await this.parts.workspaces.countOwned(tx, actor.id);
      if (owned >= MAX_OWNED_WORKSPACES) return new QuotaReached(Quota.OWNED_WORKSPACES, MAX_OWNED_WORKSPACES);
      if (await this.parts.workspaces.insert(tx, row)) {
        await this.parts.members.add(tx, {
          workspaceId: id,
          userId: actor.id,
          role: 'OWNER',
          createdAt: row.createdAt,
        });
        tx.changed('WORKSPACE', id);
        tx.audit({ action: 'workspace-created', target: { kind: 'WORKSPACE', id }, detail: { name: row.name } });
      }
      return Object.assign(new Workspace(), await this.parts.workspaces.current(tx, id));
    });
  }

  /** @throws BAD_USER_INPUT, NOT_FOUND */
  async rename(ctx: RequestContext, newName: string): Promise<Workspace> {
    const name = nameText(newName, 'The name of the workspace');
    const { id } = await this.current(ctx);
    await this.parts.database.write(ctx, async (tx) => {
      await this.parts.workspaces.rename(tx, id, name);
      tx.changed('WORKSPACE', id);
      tx.audit({ action: 'workspace-renamed', target: { kind: 'WORKSPACE', id }, detail: { name } });
    });
    return this.current(ctx);
  }
}

function toMembership({ workspaceId, name, createdAt, role, joinedAt }: MembershipRow): Membership {
  return { workspace: { id: workspaceId, name, createdAt }, role: WorkspaceRole[role], joinedAt };
}
