import { SessionEntity, ApiTokenEntity } from '@pilothouse/db';
import { LessThanOrEqual } from 'typeorm';
import type { Grant, Role, TokenScope } from '../../kernel/authorisation/index.js';
import type { Database, Transaction } from '../../kernel/database/index.js';

interface Rights {
  workspaceId: string | null;
  role: Role | null;
  grants: Grant[] | null;
}

export interface FoundSession extends Rights {
  id: string;
  userId: string;
  lastUsedAt: Date;
  expiresAt: Date;
  steppedUpAt: Date | null;
}

export interface FoundApiToken extends Rights {
  id: string;
  userId: string;
  scopes: TokenScope[];
  expiresAt: Date | null;
  lastUsedAt: Date | null;
}

/** Finds who a credential stands for, with their rights, in one round trip. */
export class AuthenticatorRepository {
  constructor(private readonly database: Database) {}

  async session(tokenHash: Buffer, workspaceId: string | null): Promise<FoundSession | undefined> {
    const [found] = await this.database.lookUp<FoundSession>(
      `select s.id, s.user_id as "userId", s.last_used_at as "lastUsedAt", s.expires_at as "expiresAt",
              s.stepped_up_at as "steppedUpAt", r.workspace_id as "workspaceId", r.role, r.grants
         from session_by_token_hash($1) s left join lateral rights_of(s.user_id, $2) r on true`,
      [tokenHash, workspaceId],
    );
    return found;
  }

  async apiToken(tokenHash: Buffer): Promise<FoundApiToken | undefined> {
    const [found] = await this.database.lookUp<FoundApiToken>(
      `select t.id, t.user_id as "userId", t.scopes, t.expires_at as "expiresAt", t.last_used_at as "lastUsedAt",
              r.workspace_id as "workspaceId", r.role, r.grants
         from api_token_by_hash($1) t left join lateral rights_of(t.user_id, t.workspace_id) r on true`,
      [tokenHash],
    );
    return found;
  }

  async sessionUsed(tx: Transaction, id: string, { at, before }: { at: Date; before: Date }): Promise<void> {
    await tx.manager.update(SessionEntity, { id, lastUsedAt: LessThanOrEqual(before) }, { lastUsedAt: at });
  }

  async apiTokenUsed(tx: Transaction, id: string, at: Date): Promise<void> {
    await tx.manager.update(ApiTokenEntity, { id }, { lastUsedAt: at });
  }
}
