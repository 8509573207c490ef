import type { SessionEntity, UserEntity } from '@pilothouse/db';
import { SESSION_LIMITS } from '@pilothouse/protocol';
import { isSteppedUp } from '../../kernel/authorisation/index.js';
import type { Database, WriteTransaction } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { Fault, notFound } from '../../kernel/fault.js';
import { decodeTimeCursor, pageSize, timeCursor, toPage, type Page } from '../../kernel/graphql/connection.js';
import { knownId } from '../../kernel/ids.js';
import { hashToken, randomToken } from '../../kernel/random-token.js';
import type { RequestContext } from '../../kernel/request-context.js';
import { revoke } from '../../kernel/revoke.js';
import { asPerson } from './acting-as.js';
import type { SessionRepository } from './session.repository.js';
import { SessionClient, SessionRevoked, SignedOut, type Session } from './session.types.js';
import { SignedIn } from './sign-in.types.js';

export interface NewSession {
  id: string;
  userId: string;
  client: SessionClient;
  secondFactor: boolean;
}

/** A session with the token that belongs to it from now on. */
interface Tokened {
  session: SessionEntity;
  person: UserEntity;
  token: string;
}

/**
 * Sessions: an opaque token of 256 bits each, stored hashed, never taken from the client. They end after 30 days without
 * use, after 90 days in any case, and everywhere at once when they are revoked.
 */
export class SessionService {
  constructor(private readonly parts: { database: Database; bus: EventBus; sessions: SessionRepository }) {}

  /** Begins a session in the transaction that proved the person. */
  async begin(ctx: RequestContext, tx: WriteTransaction, wanted: NewSession): Promise<Tokened> {
    const token = randomToken();
    const now = ctx.now();
    const session: SessionEntity = {
      ...wanted,
      tokenHash: hashToken(token),
      createdAt: now,
      lastUsedAt: now,
      expiresAt: new Date(now.getTime() + SESSION_LIMITS.absoluteMs),
      steppedUpAt: now,
      address: ctx.address,
      userAgent: ctx.userAgent,
      revokedAt: null,
    };
    await this.parts.sessions.insert(tx, session);
    return { session, token, person: await this.parts.sessions.person(tx, wanted.userId) };
  }

  /** Gives the caller's session a new token and notes that the person has just proven themselves. */
  async rotate(ctx: RequestContext, tx: WriteTransaction): Promise<Tokened> {
    const { actor } = asPerson(ctx);
    const token = randomToken();
    const rotated = { sessionId: actor.sessionId, tokenHash: hashToken(token), steppedUpAt: ctx.now() };
    if (!(await this.parts.sessions.rotate(tx, rotated))) throw new Fault('UNAUTHENTICATED', 'Sign in first.');
    // Sockets of the session carry the old token and its rights: they come back with the new one.
    await revoke(tx, this.parts.bus, [{ kind: 'SESSION', subjectId: actor.sessionId }]);
    const session = await this.parts.sessions.live(tx, { userId: actor.id, sessionId: actor.sessionId });
    if (!session) throw new Fault('UNAUTHENTICATED', 'Sign in first.');
    return { session, token, person: await this.parts.sessions.person(tx, actor.id) };
  }

  /** Hands a token to its holder: a browser in a cookie, anything else in the answer. Only once it is durable. */
  handOver(ctx: RequestContext, { session, person, token }: Tokened): SignedIn {
    const isBrowser = session.client === SessionClient.BROWSER;
    if (isBrowser) overHttp(ctx).set(token);
    return Object.assign(new SignedIn(), {
      session: toSession(session, { id: session.id, now: ctx.now() }),
      person,
      token: isBrowser ? null : token,
    });
  }

  async list(ctx: RequestContext, { first, after }: { first: number; after?: string | null }): Promise<Page<Session>> {
    const { actor } = asPerson(ctx);
    const now = ctx.now();
    const take = pageSize(first);
    const rows = await this.parts.database.read(ctx, (tx) =>
      this.parts.sessions.page(tx, {
        userId: actor.id,
        now,
        idleSince: new Date(now.getTime() - SESSION_LIMITS.idleMs),
        take: take + 1,
        after: after ? decodeTimeCursor(after) : null,
      }),
    );
    const page = toPage(rows, take, (row) => timeCursor(row.createdAt, row.id));
    return { ...page, items: page.items.map((row) => toSession(row, { id: actor.sessionId, now })) };
  }

  /** Ends the caller's own session. */
  async signOut(ctx: RequestContext): Promise<SignedOut> {
    await this.end(ctx, asPerson(ctx).actor.sessionId);
    ctx.sessionCookie?.clear();
    return Object.assign(new SignedOut(), { sessionsEnded: 1 });
  }

  /** Ends one of the caller's sessions. @throws NOT_FOUND */
  end(ctx: RequestContext, sessionId: string): Promise<SessionRevoked> {
    const id = knownId(sessionId, 'The session');
    return this.parts.database.write(ctx, async (tx) => {
      if (!(await this.parts.sessions.end(tx, id, ctx.now()))) throw notFound('The session');
      tx.audit({ action: 'session-ended', target: { kind: 'SESSION', id }, installation: true });
      await revoke(tx, this.parts.bus, [{ kind: 'SESSION', subjectId: id }]);
      return Object.assign(new SessionRevoked(), { id });
    });
  }

  /** Ends all sessions of the caller, this one too. */
  async signOutEverywhere(ctx: RequestContext): Promise<SignedOut> {
    const { actor } = asPerson(ctx);
    const sessionsEnded = await this.parts.database.write(ctx, async (tx) => {
      const count = await this.endOthers(ctx, tx, { userId: actor.id, keep: null });
      const detail = { sessions: count };
      tx.audit({ action: 'signed-out-everywhere', target: { kind: 'USER', id: actor.id }, detail, installation: true });
      return count;
    });
    ctx.sessionCookie?.clear();
    return Object.assign(new SignedOut(), { sessionsEnded });
  }

  /** Ends a person's sessions but one, as every change of a password or second factor must. */
  async endOthers(
    ctx: RequestContext,
    tx: WriteTransaction,
    { userId, keep }: { userId: string; keep: string | null },
  ): Promise<number> {
    const ended = await this.parts.sessions.endOthers(tx, { userId, keep, at: ctx.now() });
    await revoke(
      tx,
      this.parts.bus,
      ended.map((subjectId) => ({ kind: 'SESSION', subjectId })),
    );
    return ended.length;
  }
}

/** The way to the caller's cookie. @throws BAD_USER_INPUT over a socket, whose answers cannot carry one. */
export function overHttp(ctx: RequestContext) {
  if (!ctx.sessionCookie)
    throw new Fault('BAD_USER_INPUT', 'Session tokens are given over HTTP only, not over a socket.');
  return ctx.sessionCookie;
}

export function toSession(row: SessionEntity, current: { id: string; now: Date }): Session {
  const idleEnd = row.lastUsedAt.getTime() + SESSION_LIMITS.idleMs;
  const steppedUp = isSteppedUp(row.steppedUpAt, current.now) ? row.steppedUpAt : null;
  return {
    id: row.id,
    client: SessionClient[row.client],
    secondFactor: row.secondFactor,
    createdAt: row.createdAt,
    lastUsedAt: row.lastUsedAt,
    expiresAt: new Date(Math.min(idleEnd, row.expiresAt.getTime())),
    steppedUpUntil: steppedUp && new Date(steppedUp.getTime() + SESSION_LIMITS.stepUpMs),
    address: row.address,
    userAgent: row.userAgent,
    isCurrent: row.id === current.id,
  };
}
