import { z } from 'zod';
import { FINAL_STATES } from './command-state.js';
import { parseJson } from './json.js';
import { signFields, verifyFields, type PublicKeyText, type SigningKey } from './signature.js';

const instant = z.iso.datetime({ offset: false, precision: 3 });
const sha256Text = z.string().regex(/^[0-9a-f]{64}$/);

const streamSummary = z.strictObject({
  /** Bytes the command wrote, also those that were not kept. */
  bytes: z.int().min(0),
  /** SHA-256 of all of them; null when the runner was lost before the end. */
  sha256: sha256Text.nullable(),
});

/** What an agent states, and signs, about a command that has ended. It names no epoch: it is true on any connection. */
export const resultSchema = z.strictObject({
  version: z.literal(1),
  commandId: z.uuid(),
  /** SHA-256 of the envelope's exact bytes. */
  envelopeDigest: sha256Text,
  state: z.enum(FINAL_STATES),
  exitCode: z.int().min(0).max(255).nullable(),
  signal: z.string().max(16).nullable(),
  /** A sentence for people: why it failed to start, was refused or was interrupted. */
  reason: z.string().max(1000).nullable(),
  /** UNKNOWN when the effect may or may not have happened. */
  outcome: z.enum(['KNOWN', 'UNKNOWN']),
  startedAt: instant.nullable(),
  finishedAt: instant,
  durationMs: z.int().min(0).nullable(),
  /** Sequence number of the last output frame; 0 when there was none. */
  lastOutputSeq: z.int().min(0),
  stdout: streamSummary,
  stderr: streamSummary,
});
export type CommandResult = z.infer<typeof resultSchema>;

export interface SignedResult {
  bytes: Buffer;
  signature: Buffer;
}

/** The exact bytes of a result. */
export function resultBytes(result: CommandResult): Buffer {
  return Buffer.from(JSON.stringify(resultSchema.parse(result)));
}

export function signResult(key: SigningKey, agentId: string, result: CommandResult): SignedResult {
  const bytes = resultBytes(result);
  return { bytes, signature: signResultBytes(key, agentId, bytes) };
}

/** Signs a result that was written before: it is sent under the key of the day, its bytes never change. */
export function signResultBytes(key: SigningKey, agentId: string, bytes: Uint8Array): Buffer {
  return signFields(key, 'ph-res-v1', [agentId, bytes]);
}

/** The result, or null when the signature or the form is wrong. Never throws. */
export function openResult(
  signed: SignedResult,
  agent: { id: string; publicKey: PublicKeyText },
): CommandResult | null {
  const fields = [agent.id, signed.bytes];
  const genuine = verifyFields({
    publicKey: agent.publicKey,
    domain: 'ph-res-v1',
    fields,
    signature: signed.signature,
  });
  if (!genuine) return null;
  return resultSchema.safeParse(parseJson(signed.bytes)).data ?? null;
}
