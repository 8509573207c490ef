import { SESSION_LIMITS } from '@pilothouse/protocol';
import type { Pool } from 'pg';
import { nameOf } from '../kernel/database/index.js';
import { hashToken, isApiToken } from '../kernel/random-token.js';
import type { Grant, Role, TokenScope } from '../kernel/authorisation/index.js';
import type { ChainPlace } from './signer.port.js';

/** Who a credential belongs to, as the database says now. */
export interface SigningActor {
  kind: 'USER' | 'API_TOKEN';
  id: string;
  userId: string;
  role: Role;
  /** Null for a session. */
  tokenScopes: readonly TokenScope[] | null;
  grants: readonly Grant[];
}

export interface SigningServer {
  id: string;
  generation: number;
  scopes: readonly string[];
  /** Those that people have set: its agent decides about the others. */
  tags: readonly string[];
}

const SESSION_ACTOR = `
  select 'USER' as kind, s.user_id as id, s.user_id, m.role, null::text[] as token_scopes
    from sessions s join users u on u.id = s.user_id join memberships m on m.user_id = s.user_id and m.workspace_id = $2
   where s.token_hash = $1 and s.revoked_at is null and s.expires_at > now() and u.disabled_at is null
     and s.last_used_at > now() - interval '${SESSION_LIMITS.idleMs} ms'`;

const TOKEN_ACTOR = `
  select 'API_TOKEN' as kind, t.id, t.user_id, m.role, t.scopes as token_scopes
    from api_tokens t join users u on u.id = t.user_id join memberships m on m.user_id = t.user_id and m.workspace_id = t.workspace_id
   where t.token_hash = $1 and t.workspace_id = $2 and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
     and u.disabled_at is null`;

const withGrants = (actor: string) => `
  select a.*, coalesce((select jsonb_agg(jsonb_build_object('role', g.role, 'serverId', g.server_id, 'tag', g.tag))
      from grants g where g.workspace_id = $2 and g.user_id = a.user_id), '[]') as grants
    from (${actor}) a`;
const FIND_SESSION_ACTOR = withGrants(SESSION_ACTOR);
const FIND_TOKEN_ACTOR = withGrants(TOKEN_ACTOR);

const FIND_SERVERS = `
  select s.id, s.generation, s.scopes,
         coalesce((select array_agg(t.tag) from server_tags t
                    where t.workspace_id = $1 and t.server_id = s.id and not t.automatic), '{}') as tags
    from servers s where s.workspace_id = $1 and s.id = any($2) and s.revoked_at is null and s.deleted_at is null`;

const FIND_PLACE = `
  select exists (select from audit_entries where chain = $1 and sequence = $2 and hash = $3)
      or exists (select from audit_heads where chain = $1 and sequence = $2 and hash = $3) as known`;

/** The signer's own view of the database, through its own read-only role. */
export class SignerRepository {
  constructor(private readonly pool: Pool) {}

  async findActor(credential: string, workspaceId: string): Promise<SigningActor | null> {
    const text = isApiToken(credential) ? FIND_TOKEN_ACTOR : FIND_SESSION_ACTOR;
    const { rows } = await this.pool.query<{
      kind: SigningActor['kind'];
      id: string;
      user_id: string;
      role: Role;
      token_scopes: TokenScope[] | null;
      grants: Grant[];
    }>({
      name: nameOf(text),
      text,
      values: [hashToken(credential), workspaceId],
    });
    const [row] = rows;
    if (!row) return null;
    const { kind, id, user_id: userId, role, token_scopes: tokenScopes, grants } = row;
    return { kind, id, userId, role, tokenScopes, grants };
  }

  /** Whether the chain has this entry, or ends with it where retention has removed it. */
  async hasPlace({ workspaceId, sequence, hash }: ChainPlace): Promise<boolean> {
    const { rows } = await this.pool.query<{ known: boolean }>({
      name: nameOf(FIND_PLACE),
      text: FIND_PLACE,
      values: [workspaceId, sequence, hash],
    });
    return rows[0]?.known ?? false;
  }

  /** @throws when the database does not answer. */
  async touch(): Promise<void> {
    await this.pool.query('select');
  }

  async findServers(workspaceId: string, serverIds: readonly string[]): Promise<Map<string, SigningServer>> {
    const { rows } = await this.pool.query<SigningServer>({
      name: nameOf(FIND_SERVERS),
      text: FIND_SERVERS,
      values: [workspaceId, serverIds],
    });
    return new Map(rows.map((row) => [row.id, row]));
  }
}
