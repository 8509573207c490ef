import { auditAnchorSchema, parseJson, RUN_LIMITS, type Intent, type SignedEnvelope } from '@pilothouse/protocol';
import { z } from 'zod';
import { FrameReader, writeFrame } from './signer-frames.js';
import { SIGNING_REFUSALS } from './signer.port.js';

const MIB = 1024 * 1024;

/**
 * What one connection to the signer may ask at a time.
 *
 * A request must fit the deadline too: at 16 MiB, digesting and signing alone take most of it.
 */
export const SIGNER_SOCKET_LIMITS = {
  deadlineMs: 250,
  maxRequestBytes: 16 * MIB,
  /** Envelopes come back in base64. */
  maxAnswerBytes: 32 * MIB,
  maxRequestsAtOnce: 64,
  maxConnections: 16,
} as const;

const id = z.int().min(0);
const sha256Text = z.string().regex(/^[0-9a-f]{64}$/);

const auditEntry = z.strictObject({
  chain: z.string(),
  sequence: z.int().min(1),
  previousHash: z.string(),
  time: z.string(),
  actorKind: z.string(),
  actorId: z.string(),
  action: z.string(),
  targetKind: z.string(),
  targetId: z.string(),
  detail: z.string(),
  intentDigest: z.string(),
  hash: z.string(),
});

const requestSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sign'),
    id,
    credential: z.string().max(1024),
    audit: auditEntry,
    // Each is checked where it is written, once: see `writeIntent`.
    intents: z.array(z.custom<Intent>()).max(RUN_LIMITS.maxServers),
  }),
  z.strictObject({
    kind: z.literal('anchor'),
    id,
    place: z.strictObject({ workspaceId: z.uuid(), sequence: z.int().min(1), hash: sha256Text }),
  }),
  z.strictObject({ kind: z.literal('status'), id }),
]);
export type SignerRequest = z.infer<typeof requestSchema>;

const envelope = z
  .strictObject({ bytes: z.base64(), keyId: z.string(), signature: z.base64() })
  .transform(({ bytes, keyId, signature }) => ({
    bytes: Buffer.from(bytes, 'base64'),
    keyId,
    signature: Buffer.from(signature, 'base64'),
  }));

const answerSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('signed'), id, envelopes: z.array(envelope).max(RUN_LIMITS.maxServers) }),
  z.strictObject({ kind: z.literal('anchored'), id, anchor: auditAnchorSchema }),
  z.strictObject({ kind: z.literal('status'), id, frozen: z.boolean() }),
  z.strictObject({ kind: z.literal('refused'), id, refusal: z.enum(SIGNING_REFUSALS), message: z.string() }),
  z.strictObject({ kind: z.literal('failed'), id }),
]);
/** As the api reads it. */
export type SignerAnswer = z.output<typeof answerSchema>;
/** As the signer writes it. */
export type WrittenAnswer = z.input<typeof answerSchema>;

export function writeMessage(message: SignerRequest | WrittenAnswer): Buffer {
  return writeFrame(Buffer.from(JSON.stringify(message)));
}

/** An envelope as an answer carries it. */
export function writeEnvelope({ bytes, keyId, signature }: SignedEnvelope): z.input<typeof envelope> {
  return { bytes: bytes.toString('base64'), keyId, signature: signature.toString('base64') };
}

/** Puts requests together as the signer gets them. */
export class RequestReader {
  private readonly frames = new FrameReader(SIGNER_SOCKET_LIMITS.maxRequestBytes);

  /** @throws on what is no request */
  *read(piece: Buffer): Generator<SignerRequest, void> {
    for (const frame of this.frames.read(piece)) yield requestSchema.parse(parseJson(frame));
  }
}

/** Puts answers together as the api gets them. */
export class AnswerReader {
  private readonly frames = new FrameReader(SIGNER_SOCKET_LIMITS.maxAnswerBytes);

  /** @throws on what is no answer */
  *read(piece: Buffer): Generator<SignerAnswer, void> {
    for (const frame of this.frames.read(piece)) yield answerSchema.parse(parseJson(frame));
  }
}
