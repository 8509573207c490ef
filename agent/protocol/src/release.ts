import { z } from 'zod';
import type { SigningKey } from './signature.js';
import {
  openSignedByRoot,
  rootSignatureFields,
  signByRoot,
  signedDocument,
  type RootProblem,
} from './signed-by-root.js';

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
export const signedReleaseSchema = z.strictObject({ ...rootSignatureFields, release: signedDocument });
export type SignedRelease = z.infer<typeof signedReleaseSchema>;

export function signRelease(root: SigningKey, release: Release): SignedRelease {
  const { document, ...signed } = signByRoot(root, 'ph-rel-v1', releaseSchema.parse(release));
  return { rootPublicKey: signed.rootPublicKey, release: document, signature: signed.signature };
}

export type OpenedRelease = { ok: true; release: Release } | { ok: false; problem: RootProblem };

/** Checks a release against the pinned root fingerprint (SHA-256 of the raw root key, hexadecimal). Never throws. */
export function openRelease(received: unknown, pinnedFingerprint: string): OpenedRelease {
  const signed = signedReleaseSchema.safeParse(received);
  if (!signed.success) return { ok: false, problem: 'MALFORMED' };
  const { release: document, ...rest } = signed.data;
  const expected = { domain: 'ph-rel-v1', schema: releaseSchema, pinnedFingerprint } as const;
  const opened = openSignedByRoot({ ...rest, document }, expected);
  return opened.ok ? { ok: true, release: opened.document } : opened;
}
