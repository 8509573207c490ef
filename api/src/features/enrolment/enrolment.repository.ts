import { AgentIdentityEntity, EnrolmentTokenEntity } from '@pilothouse/db';
import type { HostFacts, PublicKeyText } from '@pilothouse/protocol';
import type { Database, Transaction } from '../../kernel/database/index.js';

/** What a token has bought. */
export interface Redeemed {
  agentId: string;
  serverId: string;
  workspaceId: string;
  generation: number;
  /** What may be done on the server from now on. */
  scopes: string[];
}

export interface Redemption {
  tokenHash: Buffer;
  agentId: string;
  publicKey: PublicKeyText;
  facts: HostFacts;
}

export class EnrolmentRepository {
  constructor(private readonly database: Database) {}

  async insertToken(tx: Transaction, token: Omit<EnrolmentTokenEntity, 'usedAt' | 'revokedAt'>): Promise<void> {
    await tx.manager.insert(EnrolmentTokenEntity, token);
  }

  /** Voids the tokens of a server that nobody has used. */
  async revokeTokens(tx: Transaction, serverId: string, at: Date): Promise<void> {
    await tx.manager.query(
      'update enrolment_tokens set revoked_at = $2 where server_id = $1 and used_at is null and revoked_at is null',
      [serverId, at],
    );
  }

  /** Spends the token and creates the identity; null when the token is not good. Needs no workspace. */
  async redeem(tx: Transaction, { tokenHash, ...request }: Redemption): Promise<Redeemed | null> {
    const rows: Omit<Redeemed, 'agentId'>[] = await tx.manager.query(
      `select server_id as "serverId", workspace_id as "workspaceId", generation, scopes from enrol_agent($1, $2)`,
      [tokenHash, JSON.stringify(request)],
    );
    return rows[0] ? { ...rows[0], agentId: request.agentId } : null;
  }

  async tokenIdOf(tx: Transaction, tokenHash: Buffer): Promise<string | null> {
    const token = await tx.manager.findOneBy(EnrolmentTokenEntity, { tokenHash });
    return token?.id ?? null;
  }

  /**
   * Makes room for the new identity's connections. The epoch rises, so that a connection of the identity before cannot
   * write any more.
   */
  async beginSession(tx: Transaction, { serverId, workspaceId, generation }: Redeemed): Promise<void> {
    await tx.manager.query(
      `insert into agent_sessions as a (server_id, workspace_id, generation, counter) values ($1, $2, $3, 0)
       on conflict (server_id) do update set generation = $3, counter = a.counter + 1, instance_id = null, replica_id = null,
         displaced_instance_id = null, connected_at = null, last_frame_at = null, disconnected_at = null,
         disconnect_reason = null, latency_ms = null`,
      [serverId, workspaceId, generation],
    );
  }

  /** Notes that the server's agent shall have another key. @returns false when it has no agent that is trusted. */
  async askForKey(tx: Transaction, serverId: string, at: Date): Promise<boolean> {
    const { affected } = await tx.manager
      .createQueryBuilder()
      .update(AgentIdentityEntity)
      .set({ rotationAskedAt: () => 'coalesce(rotation_asked_at, :at)' })
      .where('server_id = :serverId and revoked_at is null', { serverId, at })
      .execute();
    return Boolean(affected);
  }

  async storeChallenge({
    agentId,
    hash,
    expiresAt,
  }: {
    agentId: string;
    hash: Buffer;
    expiresAt: Date;
  }): Promise<void> {
    await this.database.lookUp('select issue_agent_challenge($1, $2, $3)', [agentId, hash, expiresAt]);
  }
}
