import { KEY_ROTATION_LIMITS, type PublicKeyText } from '@pilothouse/protocol';
import type { Transaction } from '../../kernel/database/index.js';

/** The keys of an identity that is not revoked. */
export interface AgentKeys {
  /** Announced and still good; null where there is none. */
  nextPublicKey: PublicKeyText | null;
  /** Whether the current key is younger than one that an agent replaces by itself. */
  isFresh: boolean;
  rotationAsked: boolean;
}

export class AgentKeyRepository {
  /**
   * The identity's keys, locked; null when it is revoked. Before the session, as where a server is enrolled anew: neither
   * waits for the other for ever.
   */
  async lock(tx: Transaction, agentId: string): Promise<AgentKeys | null> {
    const rows: AgentKeys[] = await tx.manager.query(
      `select case when next_key_until > now() then next_public_key end as "nextPublicKey",
              coalesce(rotated_at > now() - $2 * interval '1 ms', false) as "isFresh",
              rotation_asked_at is not null as "rotationAsked"
         from agent_identities where id = $1 and revoked_at is null for no key update`,
      [agentId, KEY_ROTATION_LIMITS.minKeyAgeMs],
    );
    return rows[0] ?? null;
  }

  async announce(tx: Transaction, agentId: string, publicKey: PublicKeyText): Promise<void> {
    await tx.manager.query(
      `update agent_identities set next_public_key = $2, next_key_until = now() + $3 * interval '1 ms' where id = $1`,
      [agentId, publicKey, KEY_ROTATION_LIMITS.pendingLifetimeMs],
    );
  }

  /** Makes the announced key the current one. @returns false when it is not the announced one, or no longer good. */
  async takeOver(tx: Transaction, agentId: string, nextPublicKey: PublicKeyText): Promise<boolean> {
    const [, changed]: [unknown, number] = await tx.manager.query(
      `update agent_identities
          set public_key = next_public_key, next_public_key = null, next_key_until = null, rotated_at = now(),
              rotation_asked_at = null
        where id = $1 and next_public_key = $2 and next_key_until > now() and revoked_at is null`,
      [agentId, nextPublicKey],
    );
    return changed > 0;
  }
}
