import { ApiTokenEntity } from '@pilothouse/db';
import { IsNull } from 'typeorm';
import type { Transaction } from '../../kernel/database/index.js';
import type { Person } from './person.types.js';

export interface ListedApiToken
  extends Omit<ApiTokenEntity, 'tokenHash' | 'revokedAt' | 'workspaceId'>, Pick<Person, 'email' | 'displayName'> {}

/** Rows of API tokens of the current workspace. */
export class ApiTokenRepository {
  has(tx: Transaction, id: string): Promise<boolean> {
    return tx.manager.existsBy(ApiTokenEntity, { id });
  }

  /** False when a token with this id was made before. */
  async insert(tx: Transaction, token: Omit<ApiTokenEntity, 'lastUsedAt' | 'revokedAt'>): Promise<boolean> {
    const rows: unknown[] = await tx.manager.query(
      `insert into api_tokens (id, workspace_id, user_id, name, token_hash, hint, scopes, created_at, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing returning id`,
      [
        token.id,
        token.workspaceId,
        token.userId,
        token.name,
        token.tokenHash,
        token.hint,
        token.scopes,
        token.createdAt,
        token.expiresAt,
      ],
    );
    return rows.length === 1;
  }

  /** Counts tokens that still work; two counts of one person never overlap within their transactions. */
  async countLive(tx: Transaction, userId: string, now: Date): Promise<number> {
    await tx.manager.query('select 1 from users where id = $1 for update', [userId]);
    const [row]: { count: number }[] = await tx.manager.query(
      `select count(*)::int as count from api_tokens
        where user_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)`,
      [userId, now],
    );
    return row?.count ?? 0;
  }

  /** Tokens that still work, the newest first; of one person, or of all. */
  list(
    tx: Transaction,
    asked: { userId: string | null; now: Date; take: number; after: { at: Date; id: string } | null },
  ): Promise<ListedApiToken[]> {
    return tx.manager.query(
      `select t.id, t.user_id as "userId", t.name, t.hint, t.scopes, t.created_at as "createdAt",
              t.expires_at as "expiresAt", t.last_used_at as "lastUsedAt", u.email, u.display_name as "displayName"
         from api_tokens t join users u on u.id = t.user_id
        where t.revoked_at is null and (t.expires_at is null or t.expires_at > $1)
          and ($2::uuid is null or t.user_id = $2)
          and ($3::timestamptz is null or (t.created_at, t.id) < ($3, $4::uuid))
        order by t.created_at desc, t.id desc limit $5`,
      [asked.now, asked.userId, asked.after?.at ?? null, asked.after?.id ?? null, asked.take],
    );
  }

  /** Ends all tokens of the transaction's own person, in every workspace. @returns their ids. */
  async endOwn(tx: Transaction, at: Date): Promise<string[]> {
    const rows: { id: string }[] = await tx.manager.query('select end_own_api_tokens($1) as id', [at]);
    return rows.map(({ id }) => id);
  }

  /** Ends a token; of one person, or of anybody in the workspace. False when there is none. */
  async end(tx: Transaction, id: string, { userId, at }: { userId: string | null; at: Date }): Promise<boolean> {
    const where = { id, revokedAt: IsNull(), ...(userId === null ? {} : { userId }) };
    const { affected } = await tx.manager.update(ApiTokenEntity, where, { revokedAt: at });
    return affected === 1;
  }
}
