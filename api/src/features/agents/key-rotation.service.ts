import { fingerprintOf, verifyKeyRotation, type KeyRotationFrame, type PublicKeyText } from '@pilothouse/protocol';
import type { AuditAction, Database, WriteTransaction } from '../../kernel/database/index.js';
import type { AgentConnection } from './agent-connection.js';
import type { AgentKeyRepository } from './agent-key.repository.js';
import type { AgentSessionRepository, KnownAgent } from './agent-session.repository.js';

const REFUSALS = {
  BAD_ROTATION: 'The announced key is not signed by both keys for this connection',
  ROTATION_PENDING: 'Another key is announced already',
  ROTATION_TOO_SOON: 'The current key is too young to be replaced',
} as const;

/** What became of an announced key. */
export interface Announcement {
  fenced: boolean;
  refused: { code: keyof typeof REFUSALS; message: string } | null;
}

/** Changes the key of an agent: it is announced under the current one, and taken over by the handshake that uses it. */
export class KeyRotationService {
  constructor(
    private readonly parts: { database: Database; keys: AgentKeyRepository; sessions: AgentSessionRepository },
  ) {}

  /** May come twice: the same key is announced again. `fenced` when a newer connection has taken over. */
  async announce({ agent, ctx }: AgentConnection, frame: KeyRotationFrame): Promise<Announcement> {
    const { database, keys, sessions } = this.parts;
    const { agentId, serverId, epoch } = agent;
    if (!verifyKeyRotation(frame, { serverId, agentId, epoch, currentKey: agent.publicKey })) {
      return refuse('BAD_ROTATION');
    }
    return database.write(ctx, async (tx) => {
      const held = await keys.lock(tx, agentId);
      if (!held || !(await sessions.hold(tx, serverId, epoch))) return { fenced: true, refused: null };
      const isKnown = held.nextPublicKey === frame.publicKey;
      if (held.nextPublicKey !== null && !isKnown) return refuse('ROTATION_PENDING');
      if (held.isFresh && !held.rotationAsked) return refuse('ROTATION_TOO_SOON');
      await keys.announce(tx, agentId, frame.publicKey);
      if (!isKnown) note(tx, 'agent-key-announced', agent, frame.publicKey);
      return { fenced: false, refused: null };
    });
  }

  /** Voids the former key, in the transaction that raises the epoch. @returns whether the announced key is still good. */
  async takeOver(tx: WriteTransaction, known: KnownAgent, provenKey: PublicKeyText): Promise<boolean> {
    if (!(await this.parts.keys.takeOver(tx, known.agentId, provenKey))) return false;
    note(tx, 'agent-key-rotated', known, provenKey);
    return true;
  }
}

/** The chain is where a former key is found again: identities hold the current one only. */
function note(
  tx: WriteTransaction,
  action: AuditAction,
  { agentId, serverId, publicKey: formerKey }: Pick<KnownAgent, 'agentId' | 'serverId' | 'publicKey'>,
  publicKey: PublicKeyText,
): void {
  const fingerprints = { fingerprint: fingerprintOf(publicKey), formerFingerprint: fingerprintOf(formerKey) };
  tx.audit({ action, target: { kind: 'SERVER', id: serverId }, detail: { agentId, publicKey, ...fingerprints } });
}

function refuse(code: keyof typeof REFUSALS): Announcement {
  return { fenced: false, refused: { code, message: REFUSALS[code] } };
}
