import { z } from 'zod';
import { isPublicKeyText, type SigningKey } from './signature.js';
import {
  openSignedByRoot,
  rootSignatureFields,
  signByRoot,
  signedDocument,
  type RootProblem,
} from './signed-by-root.js';

const publicKey = z.string().refine(isPublicKeyText, 'not a raw Ed25519 public key');
const keyId = z.string().regex(/^[0-9a-f]{16}$/);
const instant = z.iso.datetime({ offset: false });

const keysetKey = z.strictObject({ keyId, publicKey });

/**
 * The public keys of one installation, signed by its root key. Versions only rise; an agent keeps the highest it has
 * seen and refuses a lower one.
 */
export const keysetSchema = z.strictObject({
  version: z.int().min(1),
  issuedAt: instant,
  controlPlane: z.array(keysetKey).min(1).max(8),
  command: z.array(keysetKey).min(1).max(8),
});
export type Keyset = z.infer<typeof keysetSchema>;

/** A keyset on the wire: the exact signed bytes. */
export const signedKeysetSchema = z.strictObject({ ...rootSignatureFields, keyset: signedDocument });
export type SignedKeyset = z.infer<typeof signedKeysetSchema>;

export function signKeyset(root: SigningKey, keyset: Keyset): SignedKeyset {
  const { document, ...signed } = signByRoot(root, 'ph-keyset-v1', keysetSchema.parse(keyset));
  return { rootPublicKey: signed.rootPublicKey, keyset: document, signature: signed.signature };
}

export type KeysetProblem = RootProblem | 'OLDER';
export type OpenedKeyset = { ok: true; keyset: Keyset } | { ok: false; problem: KeysetProblem };

/**
 * Checks a keyset against the pinned root fingerprint (SHA-256 of the raw root key, hexadecimal) and the version
 * already held. Never throws.
 */
export function openKeyset(received: unknown, pinnedFingerprint: string, heldVersion = 0): OpenedKeyset {
  const signed = signedKeysetSchema.safeParse(received);
  if (!signed.success) return { ok: false, problem: 'MALFORMED' };
  const { keyset: document, ...rest } = signed.data;
  const expected = { domain: 'ph-keyset-v1', schema: keysetSchema, pinnedFingerprint } as const;
  const opened = openSignedByRoot({ ...rest, document }, expected);
  if (!opened.ok) return opened;
  const keyset = opened.document;
  return keyset.version < heldVersion ? { ok: false, problem: 'OLDER' } : { ok: true, keyset };
}
