import { z } from 'zod';
import {
  isPublicKeyText,
  signFields,
  verifyFields,
  type PublicKeyText,
  type SignatureDomain,
  type SigningKey,
} from './signature.js';

const DOMAIN: SignatureDomain = 'ph-rot-v1';
const signature = z.base64().length(88);

/** The key that an agent will prove itself with next, announced by the one it has. */
export const keyRotationFrameSchema = z.strictObject({
  publicKey: z.string().refine(isPublicKeyText, 'not a raw Ed25519 public key'),
  /** By the current key: the agent wants it. */
  signature,
  /** By the new key: the agent has it. */
  proof: signature,
});
export type KeyRotationFrame = z.infer<typeof keyRotationFrameSchema>;

/** What an announcement is good for: one connection of one identity, and in place of one key. */
export interface KeyRotationSubject {
  serverId: string;
  agentId: string;
  epoch: { generation: number; counter: number };
  currentKey: PublicKeyText;
}

function fieldsOf({ serverId, agentId, epoch, currentKey }: KeyRotationSubject, publicKey: PublicKeyText): string[] {
  return [serverId, agentId, `${epoch.generation}.${epoch.counter}`, currentKey, publicKey];
}

/** Both keys sign the same, and each is asked for by its own public key. */
export function signKeyRotation(
  current: SigningKey,
  next: SigningKey,
  subject: Omit<KeyRotationSubject, 'currentKey'>,
): KeyRotationFrame {
  const fields = fieldsOf({ ...subject, currentKey: current.publicKey }, next.publicKey);
  const by = (key: SigningKey) => signFields(key, DOMAIN, fields).toString('base64');
  return { publicKey: next.publicKey, signature: by(current), proof: by(next) };
}

/** Whether the current key and the new one have both signed, and are two. */
export function verifyKeyRotation(frame: KeyRotationFrame, subject: KeyRotationSubject): boolean {
  const fields = fieldsOf(subject, frame.publicKey);
  const isBy = (publicKey: PublicKeyText, text: string) =>
    verifyFields({ publicKey, domain: DOMAIN, fields, signature: Buffer.from(text, 'base64') });
  if (frame.publicKey === subject.currentKey) return false;
  return isBy(subject.currentKey, frame.signature) && isBy(frame.publicKey, frame.proof);
}
