import type { AuditAnchor, AuditEntryFields, Intent, SignedEnvelope } from '@pilothouse/protocol';

/** All instructions of one transaction, and why they may be signed. Never opaque bytes. */
export interface SignRequest {
  /** The actor's raw session or API token; the signer looks it up for itself. */
  credential: string;
  /** The audit entry that stands for these instructions, in the exact texts that were hashed. */
  audit: AuditEntryFields & { hash: string };
  intents: readonly Intent[];
}

/** Why the signer did not sign. */
export type SigningRefusal =
  | 'FROZEN'
  | 'UNKNOWN_ACTOR'
  | 'ACTOR_MISMATCH'
  | 'AUDIT_MISMATCH'
  | 'NOT_ALLOWED'
  | 'WRONG_SERVER'
  | 'WRONG_TIME'
  | 'TOO_MANY';

export class SigningRefused extends Error {
  constructor(
    readonly refusal: SigningRefusal,
    message: string,
  ) {
    super(message);
    this.name = 'SigningRefused';
  }
}

/** Two adapters: in this process (embedded), or a process of its own over a unix socket (production). */
export interface Signer {
  /**
   * Signs every instruction or none, in the order given.
   * @throws SigningRefused; anything else means that the signer could not be reached or failed.
   */
  sign(request: SignRequest): Promise<SignedEnvelope[]>;
  /** Signs the place a workspace's audit chain has reached, for keeping outside the database. */
  signAnchor(place: { workspaceId: string; sequence: number; hash: string }): Promise<AuditAnchor>;
}
