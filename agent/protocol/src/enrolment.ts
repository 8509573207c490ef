import { z } from 'zod';
import { sha256 } from './bytes.js';
import { parseJson } from './json.js';
import { isPublicKeyText, signFields, verifyFields, type PublicKeyText, type SigningKey } from './signature.js';
import { hostFactsSchema } from './telemetry.js';

/** `phe_` and 43 base64url characters: 32 random bytes. Single use; the control plane stores only its SHA-256. */
export const ENROLMENT_TOKEN = /^phe_[A-Za-z0-9_-]{43}$/;

const publicKey = z.string().refine(isPublicKeyText, 'not a raw Ed25519 public key');
const instant = z.iso.datetime({ offset: false, precision: 3 });

/** Body of `POST /agent/enrol`. Frozen: fields may be added as optional, never changed. */
export const enrolmentRequestSchema = z.object({
  token: z.string().regex(ENROLMENT_TOKEN),
  publicKey,
  facts: hostFactsSchema,
  versions: z.object({ min: z.int().min(1), max: z.int().min(1) }),
  signature: z.base64().length(88),
});
export type EnrolmentRequest = z.infer<typeof enrolmentRequestSchema>;

/** What the control plane promises an agent it has taken in. */
export const enrolmentReceiptSchema = z.strictObject({
  agentId: z.uuid(),
  serverId: z.uuid(),
  workspaceId: z.uuid(),
  generation: z.int().min(1),
  publicKey,
  rootFingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  issuedAt: instant,
});
export type EnrolmentReceipt = z.infer<typeof enrolmentReceiptSchema>;

/** Answer of `POST /agent/enrol`: the exact bytes of the receipt, signed by the control plane identity key. */
export const signedReceiptSchema = z.object({
  receipt: z.base64().max(4096),
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  signature: z.base64().length(88),
});
export type SignedReceipt = z.infer<typeof signedReceiptSchema>;

/** Refusals of `POST /agent/enrol`, in its body as `{ code, message }`. */
export const ENROLMENT_REFUSALS = {
  TOKEN_INVALID: { status: 403, message: 'The enrolment token is unknown, already used or expired. Make a new one.' },
  BAD_SIGNATURE: { status: 400, message: 'The request’s signature does not match its public key.' },
  MALFORMED: { status: 400, message: 'The enrolment request is not in the form PROTOCOL.md gives.' },
  VERSION_TOO_OLD: { status: 409, message: 'This agent is too old for this control plane. Install a newer one.' },
  VERSION_TOO_NEW: { status: 409, message: 'This agent is newer than this control plane. Update the control plane.' },
} as const;
export type EnrolmentRefusal = keyof typeof ENROLMENT_REFUSALS;

function requestFields(request: Pick<EnrolmentRequest, 'token' | 'publicKey' | 'facts'>): (string | Uint8Array)[] {
  return [sha256(request.token), request.publicKey, JSON.stringify(hostFactsSchema.parse(request.facts))];
}

/** Proves possession of the new key: signs the token's hash, the public key and the facts. */
export function signEnrolment(
  key: SigningKey,
  request: Omit<EnrolmentRequest, 'signature' | 'publicKey'>,
): EnrolmentRequest {
  const unsigned = { ...request, publicKey: key.publicKey };
  return { ...unsigned, signature: signFields(key, 'ph-enrol-v1', requestFields(unsigned)).toString('base64') };
}

export function verifyEnrolment(request: EnrolmentRequest): boolean {
  return verifyFields({
    publicKey: request.publicKey,
    domain: 'ph-enrol-v1',
    fields: requestFields(request),
    signature: Buffer.from(request.signature, 'base64'),
  });
}

export function signReceipt(key: SigningKey, receipt: EnrolmentReceipt): SignedReceipt {
  const bytes = Buffer.from(JSON.stringify(enrolmentReceiptSchema.parse(receipt)));
  return {
    receipt: bytes.toString('base64'),
    keyId: key.keyId,
    signature: signFields(key, 'ph-receipt-v1', [bytes]).toString('base64'),
  };
}

/** The receipt, or null when the form or the signature is wrong. Never throws. */
export function openReceipt(
  received: unknown,
  controlPlaneKeys: readonly { keyId: string; publicKey: PublicKeyText }[],
): EnrolmentReceipt | null {
  const signed = signedReceiptSchema.safeParse(received);
  if (!signed.success) return null;
  const key = controlPlaneKeys.find((candidate) => candidate.keyId === signed.data.keyId);
  const bytes = Buffer.from(signed.data.receipt, 'base64');
  const signature = Buffer.from(signed.data.signature, 'base64');
  if (!key || !verifyFields({ publicKey: key.publicKey, domain: 'ph-receipt-v1', fields: [bytes], signature })) {
    return null;
  }
  return enrolmentReceiptSchema.safeParse(parseJson(bytes)).data ?? null;
}
