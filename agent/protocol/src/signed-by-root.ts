import { z } from 'zod';
import { parseJson } from './json.js';
import { fingerprintOf, isPublicKeyText, signFields, verifyFields, type SigningKey } from './signature.js';

/** What stands beside a document's bytes on the wire. */
export const rootSignatureFields = {
  rootPublicKey: z.string().refine(isPublicKeyText, 'not a raw Ed25519 public key'),
  signature: z.base64().length(88),
} as const;

/** The exact signed bytes of a document, as base64. */
export const signedDocument = z.base64().max(16_384);

export interface SignedByRoot {
  rootPublicKey: string;
  /** Base64 of the exact bytes. */
  document: string;
  signature: string;
}

type RootDomain = 'ph-keyset-v1' | 'ph-rel-v1';

/** Writes a document once, and signs its bytes. */
export function signByRoot(root: SigningKey, domain: RootDomain, document: unknown): SignedByRoot {
  const bytes = Buffer.from(JSON.stringify(document));
  return {
    rootPublicKey: root.publicKey,
    document: bytes.toString('base64'),
    signature: signFields(root, domain, [bytes]).toString('base64'),
  };
}

export type RootProblem = 'MALFORMED' | 'WRONG_ROOT' | 'BAD_SIGNATURE';

interface RootExpectation<Document> {
  domain: RootDomain;
  schema: z.ZodType<Document>;
  /** SHA-256 of the raw root key, hexadecimal. */
  pinnedFingerprint: string;
}

/** Verifies first, parses afterwards. Never throws. */
export function openSignedByRoot<Document>(
  { rootPublicKey, document, signature }: SignedByRoot,
  { domain, schema, pinnedFingerprint }: RootExpectation<Document>,
): { ok: true; document: Document } | { ok: false; problem: RootProblem } {
  if (fingerprintOf(rootPublicKey) !== pinnedFingerprint.toLowerCase()) return { ok: false, problem: 'WRONG_ROOT' };
  const bytes = Buffer.from(document, 'base64');
  const signed = { publicKey: rootPublicKey, domain, fields: [bytes], signature: Buffer.from(signature, 'base64') };
  if (!verifyFields(signed)) return { ok: false, problem: 'BAD_SIGNATURE' };
  const parsed = schema.safeParse(parseJson(bytes));
  return parsed.success ? { ok: true, document: parsed.data } : { ok: false, problem: 'MALFORMED' };
}
