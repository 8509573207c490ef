import { ENROLMENT_LIMITS } from '@pilothouse/protocol';
import { v7 as uuidv7 } from 'uuid';
import type { AuditAction, Database, Transaction, WriteTransaction } from '../../kernel/database/index.js';
import { Fault } from '../../kernel/fault.js';
import { idOfKey } from '../../kernel/idempotency-key.js';
import { nameText } from '../../kernel/input-text.js';
import { hashToken, randomToken } from '../../kernel/random-token.js';
import { userIdOf, type WorkspaceContext } from '../../kernel/request-context.js';
import { GroupNotFound, type ServerGroupDirectory } from '../server-groups/index.js';
import {
  concurrencyNumber,
  descriptionText,
  permissionsOf,
  ServerNameTaken,
  tagTexts,
  toServerNode,
  viewState,
  type ServerAccess,
  type ServerRecord,
  type ServerRepository,
  type ServerTagRepository,
} from '../servers/index.js';
import { enrolCommand, installCommand, type Downloader, type InstallationAddress } from './host-commands.js';
import { ServerOnline } from './enrolment.refusals.js';
import type { EnrolmentRepository } from './enrolment.repository.js';
import { Enrolment, ServerEnrolment, type CreateServerInput, type ReenrolServerInput } from './enrolment.types.js';

export interface EnrolmentServiceParts {
  database: Database;
  enrolments: EnrolmentRepository;
  store: { repository: ServerRepository; tags: ServerTagRepository; access: ServerAccess };
  groups: ServerGroupDirectory;
  address: InstallationAddress;
}

/** Adds servers, and gives out the tokens by which their agents are enrolled. */
export class EnrolmentService {
  constructor(private readonly parts: EnrolmentServiceParts) {}

  createServer(
    ctx: WorkspaceContext,
    input: CreateServerInput,
  ): Promise<ServerEnrolment | ServerNameTaken | GroupNotFound> {
    const plan = checkInput(input);
    const id = newServerId(ctx, input.idempotencyKey);
    return this.parts.database.write(ctx, async (tx) => {
      const { store, groups } = this.parts;
      const { groupId } = plan.server;
      if (groupId !== null && !(await groups.hold(tx, groupId))) return GroupNotFound.of(groupId);
      const { workspaceId } = ctx;
      const inserted = await store.repository.insert(tx, { ...plan.server, id, workspaceId, createdAt: ctx.now() });
      if (!inserted) return this.repeat(ctx, tx, { id, name: plan.server.name });
      await store.tags.add(tx, [{ id, workspaceId }], plan.tags);
      const detail = {
        name: plan.server.name,
        profile: plan.server.profile,
        scopes: plan.server.scopes,
        tags: plan.tags,
      };
      return this.issue(ctx, tx, { record: await this.mustFind(tx, id), action: 'server-created', detail });
    });
  }

  /** A new token for a server that exists. The agent it has is trusted until the token is used. */
  reenrolServer(
    ctx: WorkspaceContext,
    { serverId, replaceOnline }: ReenrolServerInput,
  ): Promise<ServerEnrolment | ServerOnline> {
    return this.parts.database.write(ctx, async (tx) => {
      const record = await this.parts.store.access.openTrust(ctx, tx, serverId);
      if (!replaceOnline && viewState(record, ctx.now()).connected) return ServerOnline.of(record);
      return this.issue(ctx, tx, { record, action: 'server-reenrolment-started', detail: { name: record.name } });
    });
  }

  /** The id or the name was there before: the same request again, or a name that is taken. */
  private async repeat(
    ctx: WorkspaceContext,
    tx: WriteTransaction,
    { id, name }: { id: string; name: string },
  ): Promise<ServerEnrolment | ServerNameTaken> {
    const [record] = await this.parts.store.repository.findMany(tx, [id]);
    if (!record) return ServerNameTaken.of(name);
    if (record.deletedAt !== null) {
      throw new Fault('BAD_USER_INPUT', 'The idempotencyKey belongs to a server that was deleted. Use a new one.');
    }
    if (record.enrolledAt !== null || record.revokedAt !== null) return toResult(ctx, record, null);
    return this.issue(ctx, tx, { record, action: 'server-reenrolment-started', detail: { name: record.name } });
  }

  /** Gives out a token; those given out for the server before are void. */
  private async issue(
    ctx: WorkspaceContext,
    tx: WriteTransaction,
    { record, action, detail }: { record: ServerRecord; action: AuditAction; detail: Record<string, unknown> },
  ): Promise<ServerEnrolment> {
    const { enrolments, address } = this.parts;
    const token = randomToken('phe_');
    const now = ctx.now();
    const expiresAt = new Date(now.getTime() + ENROLMENT_LIMITS.tokenLifetimeMs);
    const tokenId = uuidv7();
    await enrolments.revokeTokens(tx, record.id, now);
    await enrolments.insertToken(tx, {
      id: tokenId,
      workspaceId: ctx.workspaceId,
      serverId: record.id,
      tokenHash: hashToken(token),
      scopes: record.scopes,
      createdBy: userIdOf(ctx.actor),
      createdAt: now,
      expiresAt,
    });
    tx.changed('SERVER', record.id);
    tx.audit({ action, target: { kind: 'SERVER', id: record.id }, detail: { ...detail, tokenId } });
    const install = (downloader: Downloader) =>
      installCommand(address, { downloader, replace: record.enrolledAt !== null });
    return toResult(ctx, record, {
      token,
      command: enrolCommand(address),
      installCommand: install('CURL'),
      installCommandWithWget: install('WGET'),
      rootFingerprint: address.rootFingerprint,
      expiresAt,
    });
  }

  private async mustFind(tx: Transaction, id: string): Promise<ServerRecord> {
    const record = await this.parts.store.repository.find(tx, id);
    if (!record) throw new Error('A server vanished inside its own transaction');
    return record;
  }
}

function checkInput(input: CreateServerInput) {
  const permissions = permissionsOf(input);
  if (!permissions) throw new Fault('BAD_USER_INPUT', 'Give a profile or scopes: what may be done on the server.');
  return {
    tags: tagTexts(input.tags),
    server: {
      name: nameText(input.name, 'The name'),
      description: descriptionText(input.description),
      groupId: input.groupId ?? null,
      protected: input.protected,
      concurrency: concurrencyNumber(input.concurrency),
      ...permissions,
    },
  };
}

function newServerId(ctx: WorkspaceContext, idempotencyKey: string): string {
  // Keys of background work count for the whole workspace.
  const userId = userIdOf(ctx.actor) ?? ctx.workspaceId;
  return idOfKey(idempotencyKey, { userId, kind: `server:${ctx.workspaceId}` });
}

function toResult(ctx: WorkspaceContext, record: ServerRecord, enrolment: Enrolment | null): ServerEnrolment {
  return Object.assign(new ServerEnrolment(), { server: toServerNode(record, ctx.now()), enrolment });
}
