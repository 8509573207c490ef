import { encodeFields, sha256Hex } from './bytes.js';
import type { AuditAnchor } from './handshake.js';
import { signFields, verifyFields, type PublicKeyText, type SigningKey } from './signature.js';

/** Hash before the first entry of a chain: 64 zeros. */
export const AUDIT_GENESIS_HASH = '0'.repeat(64);

/** One entry of an audit chain, in the exact texts that are hashed. */
export interface AuditEntryFields {
  /** The workspace's id, or `installation` for the chain of events without a workspace. */
  chain: string;
  sequence: number;
  previousHash: string;
  /** ISO 8601 in UTC with milliseconds. */
  time: string;
  actorKind: string;
  actorId: string;
  action: string;
  targetKind: string;
  targetId: string;
  /** JSON text, exactly as stored. */
  detail: string;
  /** Digest of the instructions this entry stands for; empty when there are none. */
  intentDigest: string;
}

/** The entry's hash, as the database function `audit_append` computes it: 64 hexadecimal characters. */
export function auditEntryHash(entry: AuditEntryFields): string {
  return sha256Hex(
    encodeFields('ph-audit-v1', [
      entry.chain,
      String(entry.sequence),
      entry.previousHash,
      entry.time,
      entry.actorKind,
      entry.actorId,
      entry.action,
      entry.targetKind,
      entry.targetId,
      entry.detail,
      entry.intentDigest,
    ]),
  );
}

type Unsigned = Omit<AuditAnchor, 'keyId' | 'signature'>;

const anchorFields = (anchor: Unsigned) => [anchor.workspaceId, String(anchor.sequence), anchor.hash, anchor.time];

export function signAnchor(key: SigningKey, anchor: Unsigned): AuditAnchor {
  const signature = signFields(key, 'ph-anchor-v1', anchorFields(anchor)).toString('base64');
  return { ...anchor, keyId: key.keyId, signature };
}

export function verifyAnchor(
  anchor: AuditAnchor,
  commandKeys: readonly { keyId: string; publicKey: PublicKeyText }[],
): boolean {
  const key = commandKeys.find((candidate) => candidate.keyId === anchor.keyId);
  if (!key) return false;
  const signature = Buffer.from(anchor.signature, 'base64');
  return verifyFields({ publicKey: key.publicKey, domain: 'ph-anchor-v1', fields: anchorFields(anchor), signature });
}
