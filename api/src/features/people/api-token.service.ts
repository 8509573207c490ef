import { atLeast } from '../../kernel/authorisation/index.js';
import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { Fault, notFound } from '../../kernel/fault.js';
import { decodeTimeCursor, pageSize, timeCursor, toPage, type Page } from '../../kernel/graphql/connection.js';
import { idOfKey } from '../../kernel/idempotency-key.js';
import { knownId } from '../../kernel/ids.js';
import { nameText } from '../../kernel/input-text.js';
import { Quota, QuotaReached } from '../../kernel/quota.refusal.js';
import { hashToken, randomApiToken } from '../../kernel/random-token.js';
import type { RequestContext, WorkspaceContext } from '../../kernel/request-context.js';
import { revoke } from '../../kernel/revoke.js';
import { asPerson } from './acting-as.js';
import type { ApiTokenRepository, ListedApiToken } from './api-token.repository.js';
import {
  ApiTokenAlreadyMade,
  ApiTokenCreated,
  ApiTokenRevoked,
  ApiTokenScope,
  type ApiToken,
  type CreateApiTokenInput,
} from './api-token.types.js';
import type { SessionRepository } from './session.repository.js';

const API_TOKEN_LIMITS = { perPerson: 100, maxDays: 366, hintCharacters: 4 };
const DAY_MS = 24 * 60 * 60 * 1000;

export interface ApiTokenParts {
  database: Database;
  bus: EventBus;
  apiTokens: ApiTokenRepository;
  sessions: SessionRepository;
}

/** Tokens for programs. A token acts with its person's rights at the time of use, within its scopes. */
export class ApiTokenService {
  constructor(private readonly parts: ApiTokenParts) {}

  /** @throws BAD_USER_INPUT */
  async create(
    ctx: WorkspaceContext,
    input: CreateApiTokenInput,
  ): Promise<ApiTokenCreated | ApiTokenAlreadyMade | QuotaReached> {
    const { workspaceId } = ctx;
    const { actor } = asPerson(ctx);
    const token = randomApiToken();
    const row = {
      id: idOfKey(input.idempotencyKey, { userId: actor.id, kind: `api-token:${workspaceId}` }),
      workspaceId,
      userId: actor.id,
      name: nameText(input.name, 'The name'),
      tokenHash: hashToken(token),
      hint: token.slice(-API_TOKEN_LIMITS.hintCharacters),
      scopes: scopesOf(input.scopes),
      createdAt: ctx.now(),
      expiresAt: expiryOf(input.expiresInDays, ctx.now()),
    };
    return this.parts.database.write(ctx, async (tx) => {
      if (await this.parts.apiTokens.has(tx, row.id)) return new ApiTokenAlreadyMade(row.id);
      const count = await this.parts.apiTokens.countLive(tx, actor.id, ctx.now());
      if (count >= API_TOKEN_LIMITS.perPerson) return new QuotaReached(Quota.API_TOKENS, API_TOKEN_LIMITS.perPerson);
      if (!(await this.parts.apiTokens.insert(tx, row))) return new ApiTokenAlreadyMade(row.id);
      const detail = { name: row.name, scopes: row.scopes, expiresAt: row.expiresAt };
      tx.audit({ action: 'api-token-created', target: { kind: 'API_TOKEN', id: row.id }, detail });
      const { email, displayName } = await this.parts.sessions.person(tx, actor.id);
      const apiToken = toApiToken({ ...row, email, displayName, lastUsedAt: null });
      return Object.assign(new ApiTokenCreated(), { apiToken, token });
    });
  }

  /** One's own tokens; to an admin, everybody's in the workspace. */
  async list(ctx: RequestContext, { first, after }: { first: number; after?: string | null }): Promise<Page<ApiToken>> {
    const take = pageSize(first);
    const rows = await this.parts.database.read(ctx, (tx) =>
      this.parts.apiTokens.list(tx, {
        userId: ownOrAll(ctx),
        now: ctx.now(),
        take: take + 1,
        after: after ? decodeTimeCursor(after) : null,
      }),
    );
    const page = toPage(rows, take, (row) => timeCursor(row.createdAt, row.id));
    return { ...page, items: page.items.map(toApiToken) };
  }

  /** Ends one's own token; an admin ends anybody's in the workspace. @throws NOT_FOUND */
  end(ctx: RequestContext, tokenId: string): Promise<ApiTokenRevoked> {
    const id = knownId(tokenId, 'The API token');
    return this.parts.database.write(ctx, async (tx) => {
      const ended = await this.parts.apiTokens.end(tx, id, { userId: ownOrAll(ctx), at: ctx.now() });
      if (!ended) throw notFound('The API token');
      tx.audit({ action: 'api-token-revoked', target: { kind: 'API_TOKEN', id } });
      await revoke(tx, this.parts.bus, [{ kind: 'API_TOKEN', subjectId: id }]);
      return Object.assign(new ApiTokenRevoked(), { id });
    });
  }
}

function ownOrAll(ctx: RequestContext): string | null {
  return atLeast(ctx.role, 'ADMIN') ? null : asPerson(ctx).actor.id;
}

function scopesOf(scopes: readonly ApiTokenScope[]): ApiTokenScope[] {
  const distinct = Object.values(ApiTokenScope).filter((scope) => scopes.includes(scope));
  if (distinct.length === 0) throw new Fault('BAD_USER_INPUT', 'Give the token at least one scope.');
  return distinct;
}

function expiryOf(days: number | null | undefined, now: Date): Date | null {
  if (days === null || days === undefined) return null;
  if (days < 1 || days > API_TOKEN_LIMITS.maxDays) {
    throw new Fault('BAD_USER_INPUT', `expiresInDays must be from 1 to ${API_TOKEN_LIMITS.maxDays}.`);
  }
  return new Date(now.getTime() + days * DAY_MS);
}

function toApiToken(row: ListedApiToken): ApiToken {
  const { id, name, hint, createdAt, expiresAt, lastUsedAt } = row;
  const person = { id: row.userId, email: row.email, displayName: row.displayName };
  return { id, name, hint, scopes: row.scopes as ApiTokenScope[], person, createdAt, expiresAt, lastUsedAt };
}
