import { SESSION_LIMITS } from '@pilothouse/protocol';
import type { Authenticator, Presented } from '../../kernel/authenticator.js';
import type { Database } from '../../kernel/database/index.js';
import { isId } from '../../kernel/ids.js';
import { hashToken, isApiToken } from '../../kernel/random-token.js';
import { makeContext, type RequestContext } from '../../kernel/request-context.js';
import { AuthenticatorRepository, type FoundApiToken, type FoundSession } from './authenticator.repository.js';

/** How exactly last use is kept: a write a minute for each credential at most. */
const USE_RECORDED_EVERY_MS = 60_000;
/** 256 bits as base64url, as `randomToken` makes them. */
const SESSION_TOKEN = /^[A-Za-z0-9_-]{43}$/;

type Rights = Pick<RequestContext, 'actor' | 'workspaceId' | 'role' | 'grants'>;

const STRANGER: Rights = { actor: { kind: 'ANONYMOUS', id: null }, workspaceId: null, role: null, grants: [] };

/**
 * Knows people by session tokens and programs by API tokens. What does not look like either costs no query. Rights are
 * those of the workspace asked for, or of the one joined first; in one that is not theirs people have no rights.
 */
export class CredentialAuthenticator implements Authenticator {
  private readonly repository: AuthenticatorRepository;

  constructor(private readonly parts: { database: Database; now: () => Date }) {
    this.repository = new AuthenticatorRepository(parts.database);
  }

  async authenticate(presented: Presented): Promise<RequestContext> {
    const { credential, requestId, address, userAgent } = presented;
    const rights = (await this.rightsOf(credential, presented.workspaceId)) ?? STRANGER;
    return makeContext({
      requestId,
      address,
      userAgent,
      ...rights,
      credential: rights === STRANGER ? null : credential,
      now: this.parts.now,
    });
  }

  private async rightsOf(credential: string | null, wanted: string | null): Promise<Rights | undefined> {
    if (credential === null) return undefined;
    if (isApiToken(credential)) return this.byApiToken(hashToken(credential), wanted);
    return SESSION_TOKEN.test(credential) ? this.bySession(hashToken(credential), wanted) : undefined;
  }

  private async bySession(tokenHash: Buffer, wanted: string | null): Promise<Rights | undefined> {
    const now = this.parts.now();
    const mayExist = wanted === null || isId(wanted);
    const session = await this.repository.session(tokenHash, mayExist ? wanted : null);
    if (!session || !isLive(session, now)) return undefined;
    const actor = {
      kind: 'USER',
      id: session.userId,
      sessionId: session.id,
      steppedUpAt: session.steppedUpAt,
    } as const;
    const rights = mayExist ? inWorkspace(session) : withoutWorkspace;
    await this.noteUse(session.lastUsedAt, { actor, ...rights });
    return { actor, ...rights };
  }

  private async byApiToken(tokenHash: Buffer, wanted: string | null): Promise<Rights | undefined> {
    const token = await this.repository.apiToken(tokenHash);
    if (!token || (token.expiresAt !== null && token.expiresAt <= this.parts.now())) return undefined;
    const actor = { kind: 'API_TOKEN', id: token.id, userId: token.userId, scopes: token.scopes } as const;
    await this.noteUse(token.lastUsedAt, { actor, ...inWorkspace(token) });
    const elsewhere = wanted !== null && wanted !== token.workspaceId;
    return { actor, ...(elsewhere ? withoutWorkspace : inWorkspace(token)) };
  }

  private async noteUse(lastUsedAt: Date | null, rights: Rights): Promise<void> {
    const at = this.parts.now();
    const before = new Date(at.getTime() - USE_RECORDED_EVERY_MS);
    if (lastUsedAt !== null && lastUsedAt > before) return;
    const { actor } = rights;
    const ctx = makeContext({ requestId: '', address: '', userAgent: '', credential: null, ...rights });
    await this.parts.database.write(ctx, async (tx) => {
      if (actor.kind === 'USER') await this.repository.sessionUsed(tx, actor.sessionId, { at, before });
      if (actor.kind === 'API_TOKEN') await this.repository.apiTokenUsed(tx, actor.id, at);
    });
  }
}

const withoutWorkspace = { workspaceId: null, role: null, grants: [] };

function inWorkspace({ workspaceId, role, grants }: FoundSession | FoundApiToken) {
  return { workspaceId, role, grants: grants ?? [] };
}

/** A session ends when it has not been used for 30 days, and 90 days after it began in any case. */
function isLive(session: FoundSession, now: Date): boolean {
  return session.expiresAt > now && now.getTime() - session.lastUsedAt.getTime() < SESSION_LIMITS.idleMs;
}
