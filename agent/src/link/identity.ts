import { exportSigningKey, readSigningKey, type SigningKey } from '@pilothouse/protocol';
import { z } from 'zod';
import { readIfPresent, writeFileDurably } from '../kernel/durable-file.js';

/** Who this agent is: what the control plane's receipt said, and the key that proves it. */
export interface Identity {
  agentId: string;
  serverId: string;
  workspaceId: string;
  /** Highest generation seen; a lower one is never accepted again. */
  generation: number;
  /** Origin it enrolled with. */
  url: string;
  rootFingerprint: string;
  /** Fingerprint of the TLS certificate, where enrolment pinned one. */
  tlsPin: string | null;
  signingKey: SigningKey;
  /** Since when this key is the control plane's, by its time. */
  keySince: string;
}

/** Of files of older agents, which did not note it. */
export const KEY_SINCE_UNKNOWN = new Date(0).toISOString();

const fileSchema = z.strictObject({
  version: z.literal(1),
  agentId: z.uuid(),
  serverId: z.uuid(),
  workspaceId: z.uuid(),
  generation: z.int().min(1),
  url: z.string(),
  rootFingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  tlsPin: z.string().nullable(),
  privateKey: z.string(),
  keySince: z.iso.datetime().default(KEY_SINCE_UNKNOWN),
});

/** One file holds identity and key, so that a crash can never leave one beside the other's successor. */
export async function storeIdentity(path: string, { signingKey, ...identity }: Identity): Promise<void> {
  const file: z.infer<typeof fileSchema> = { version: 1, ...identity, privateKey: exportSigningKey(signingKey) };
  await writeFileDurably(path, `${JSON.stringify(file, null, 2)}\n`, 0o600);
}

/** The stored identity; null before enrolment. @throws when the file is there but is not one. */
export async function loadIdentity(path: string): Promise<Identity | null> {
  const text = await readIfPresent(path);
  if (text === null) return null;
  try {
    const { version: _version, privateKey, ...identity } = fileSchema.parse(JSON.parse(text));
    return { ...identity, signingKey: readSigningKey(privateKey) };
  } catch {
    // The reason may quote the private key.
    throw new Error(`${path} is damaged: enrol this host again with a new token`);
  }
}
