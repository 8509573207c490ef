import { SessionEntity, UserEntity } from '@pilothouse/db';
import { LessThan, Not, IsNull, MoreThan, type FindOptionsWhere } from 'typeorm';
import type { Transaction } from '../../kernel/database/index.js';

export interface SessionPageAsk {
  userId: string;
  now: Date;
  idleSince: Date;
  take: number;
  after: { at: Date; id: string } | null;
}

/** Rows of sessions. Row-level security shows a transaction those of its own person only. */
export class SessionRepository {
  async insert(tx: Transaction, session: Omit<SessionEntity, 'revokedAt'>): Promise<void> {
    await tx.manager.insert(SessionEntity, session);
  }

  /** Locks the account against a change of password until the transaction ends; false when it is no longer the same. */
  async holdAccount(tx: Transaction, userId: string, passwordHash: string): Promise<boolean> {
    const rows: unknown[] = await tx.manager.query(
      'select 1 from users where id = $1 and password_hash = $2 and disabled_at is null for share',
      [userId, passwordHash],
    );
    return rows.length === 1;
  }

  person(tx: Transaction, userId: string): Promise<UserEntity> {
    return tx.manager.findOneByOrFail(UserEntity, { id: userId });
  }

  live(tx: Transaction, { userId, sessionId }: { userId: string; sessionId: string }): Promise<SessionEntity | null> {
    return tx.manager.findOneBy(SessionEntity, { id: sessionId, userId, revokedAt: IsNull() });
  }

  page(tx: Transaction, { userId, now, idleSince, take, after }: SessionPageAsk): Promise<SessionEntity[]> {
    const alive: FindOptionsWhere<SessionEntity> = {
      userId,
      revokedAt: IsNull(),
      expiresAt: MoreThan(now),
      lastUsedAt: MoreThan(idleSince),
    };
    const where = after
      ? [
          { ...alive, createdAt: LessThan(after.at) },
          { ...alive, createdAt: after.at, id: LessThan(after.id) },
        ]
      : alive;
    return tx.manager.find(SessionEntity, { where, order: { createdAt: 'DESC', id: 'DESC' }, take });
  }

  /** Gives the session another token; the old one is worth nothing from then on. */
  async rotate(
    tx: Transaction,
    { sessionId, tokenHash, steppedUpAt }: { sessionId: string; tokenHash: Buffer; steppedUpAt: Date },
  ): Promise<boolean> {
    const { affected } = await tx.manager.update(
      SessionEntity,
      { id: sessionId, revokedAt: IsNull() },
      { tokenHash, steppedUpAt, lastUsedAt: steppedUpAt },
    );
    return affected === 1;
  }

  async end(tx: Transaction, sessionId: string, at: Date): Promise<boolean> {
    const { affected } = await tx.manager.update(
      SessionEntity,
      { id: sessionId, revokedAt: IsNull() },
      { revokedAt: at },
    );
    return affected === 1;
  }

  /** Ends all sessions of a person but one. @returns the ids of those that ended. */
  async endOthers(
    tx: Transaction,
    { userId, keep, at }: { userId: string; keep: string | null; at: Date },
  ): Promise<string[]> {
    const where = { userId, revokedAt: IsNull(), ...(keep === null ? {} : { id: Not(keep) }) };
    const open = await tx.manager.find(SessionEntity, {
      where,
      select: { id: true },
      lock: { mode: 'pessimistic_write' },
    });
    if (open.length > 0) await tx.manager.update(SessionEntity, where, { revokedAt: at });
    return open.map((session) => session.id);
  }
}
