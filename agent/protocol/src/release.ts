import { z } from 'zod';
import { parseJson } from './json.js';
import { fingerprintOf, isPublicKeyText, signFields, verifyFields, type SigningKey } from './signature.js';

const publicKey = z.string().refine(isPublicKeyText, 'not a raw Ed25519 public key');
/** A version or build as it stands in file names; nothing in it means anything to a shell, a URL or a path. */
const nameText = z.string().regex(/^[0-9A-Za-z][0-9A-Za-z.-]{0,63}$/);

/** Where a release's programs run: Linux with glibc. */
export const RELEASE_PLATFORMS = ['linux-x64', 'linux-arm64'] as const;
export type ReleasePlatform = (typeof RELEASE_PLATFORMS)[number];

const releaseFileSchema = z.strictObject({
  /** `agent`: the agent's programs and unit. `node`: a Node runtime for hosts without one. `installer`: the script. */
  kind: z.enum(['agent', 'node', 'installer']),
  /** Null: any. */
  platform: z.enum(RELEASE_PLATFORMS).nullable(),
  name: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z.-]{0,127}\.(tar\.gz|sh)$/),
  sizeBytes: z.int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ReleaseFile = z.infer<typeof releaseFileSchema>;

/** One release of the agent by one installation, signed by its root key. A later one has a later `issuedAt`. */
export const releaseSchema = z.strictObject({
  version: nameText,
  /** Begins the SHA-256 of what the agent's archive holds: two builds of one version are told apart by it. */
  build: z.string().regex(/^[0-9a-f]{8}$/),
  /** Of the runtime; null where the release brings none. */
  nodeVersion: nameText.nullable(),
  issuedAt: z.iso.datetime({ offset: false, precision: 3 }),
  files: z.array(releaseFileSchema).min(1).max(16),
});
export type Release = z.infer<typeof releaseSchema>;

/** `release.json`: the exact signed bytes. */
export const signedReleaseSchema = z.strictObject({
  rootPublicKey: publicKey,
  release: z.base64().max(16_384),
  signature: z.base64().length(88),
});
export type SignedRelease = z.infer<typeof signedReleaseSchema>;

export function signRelease(root: SigningKey, release: Release): SignedRelease {
  const bytes = Buffer.from(JSON.stringify(releaseSchema.parse(release)));
  return {
    rootPublicKey: root.publicKey,
    release: bytes.toString('base64'),
    signature: signFields(root, 'ph-rel-v1', [bytes]).toString('base64'),
  };
}

export type ReleaseProblem = 'MALFORMED' | 'WRONG_ROOT' | 'BAD_SIGNATURE';
export type OpenedRelease = { ok: true; release: Release } | { ok: false; problem: ReleaseProblem };

/** Checks a release against the pinned root fingerprint (SHA-256 of the raw root key, hexadecimal). Never throws. */
export function openRelease(received: unknown, pinnedFingerprint: string): OpenedRelease {
  const signed = signedReleaseSchema.safeParse(received);
  if (!signed.success) return { ok: false, problem: 'MALFORMED' };
  const { rootPublicKey, release, signature } = signed.data;
  if (fingerprintOf(rootPublicKey) !== pinnedFingerprint.toLowerCase()) return { ok: false, problem: 'WRONG_ROOT' };
  const bytes = Buffer.from(release, 'base64');
  const genuine = verifyFields({
    publicKey: rootPublicKey,
    domain: 'ph-rel-v1',
    fields: [bytes],
    signature: Buffer.from(signature, 'base64'),
  });
  if (!genuine) return { ok: false, problem: 'BAD_SIGNATURE' };
  const parsed = releaseSchema.safeParse(parseJson(bytes));
  return parsed.success ? { ok: true, release: parsed.data } : { ok: false, problem: 'MALFORMED' };
}
