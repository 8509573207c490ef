import { z } from 'zod';
import { parseJson } from './json.js';
import { fingerprintOf, isPublicKeyText, signFields, verifyFields, type SigningKey } from './signature.js';

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
export const signedKeysetSchema = z.strictObject({
  rootPublicKey: publicKey,
  keyset: z.base64().max(16_384),
  signature: z.base64().length(88),
});
export type SignedKeyset = z.infer<typeof signedKeysetSchema>;

export function signKeyset(root: SigningKey, keyset: Keyset): SignedKeyset {
  const bytes = Buffer.from(JSON.stringify(keysetSchema.parse(keyset)));
  return {
    rootPublicKey: root.publicKey,
    keyset: bytes.toString('base64'),
    signature: signFields(root, 'ph-keyset-v1', [bytes]).toString('base64'),
  };
}

export type KeysetProblem = 'MALFORMED' | 'WRONG_ROOT' | 'BAD_SIGNATURE' | 'OLDER';
export type OpenedKeyset = { ok: true; keyset: Keyset } | { ok: false; problem: KeysetProblem };

/**
 * Checks a keyset against the pinned root fingerprint (SHA-256 of the raw root key, hexadecimal) and the version
 * already held. Never throws.
 */
export function openKeyset(received: unknown, pinnedFingerprint: string, heldVersion = 0): OpenedKeyset {
  const signed = signedKeysetSchema.safeParse(received);
  if (!signed.success) return { ok: false, problem: 'MALFORMED' };
  const { rootPublicKey, keyset, signature } = signed.data;
  if (fingerprintOf(rootPublicKey) !== pinnedFingerprint.toLowerCase()) return { ok: false, problem: 'WRONG_ROOT' };
  const bytes = Buffer.from(keyset, 'base64');
  const genuine = verifyFields({
    publicKey: rootPublicKey,
    domain: 'ph-keyset-v1',
    fields: [bytes],
    signature: Buffer.from(signature, 'base64'),
  });
  if (!genuine) return { ok: false, problem: 'BAD_SIGNATURE' };
  const parsed = keysetSchema.safeParse(parseJson(bytes));
  if (!parsed.success) return { ok: false, problem: 'MALFORMED' };
  if (parsed.data.version < heldVersion) return { ok: false, problem: 'OLDER' };
  return { ok: true, keyset: parsed.data };
}
