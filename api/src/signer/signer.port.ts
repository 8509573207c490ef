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
export const SIGNING_REFUSALS = [
  'FROZEN',
  'UNKNOWN_ACTOR',
  'ACTOR_MISMATCH',
  'AUDIT_MISMATCH',
  'NOT_ALLOWED',
  'WRONG_SERVER',
  'WRONG_TIME',
  'TOO_MANY',
] as const;
export type SigningRefusal = (typeof SIGNING_REFUSALS)[number];

/** A place that a workspace's audit chain has reached. */
export interface ChainPlace {
  workspaceId: string;
  sequence: number;
  hash: string;
}

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
  /**
   * Signs the place a workspace's audit chain has reached, for keeping outside the database.
   * @throws SigningRefused while frozen, too often, and for what is not in the chain.
   */
  signAnchor(place: ChainPlace): Promise<AuditAnchor>;
  /** Whether an operator has stopped signing. @throws when the signer or its database does not answer. */
  status(): Promise<{ frozen: boolean }>;
}

/** A signer that holds something open. */
export interface OpenSigner extends Signer {
  close(): Promise<void>;
}
