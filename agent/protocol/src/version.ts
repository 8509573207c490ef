/** Protocol versions of the agent channel. PROTOCOL.md tells what each changed. */
export const PROTOCOL_VERSION = 2;

/** Since this version agents change their key, by themselves and when they are asked to. */
export const KEY_ROTATION_SINCE = 2;

/** The control plane speaks its own version and the two before it. */
export const OLDEST_SUPPORTED_VERSION = Math.max(1, PROTOCOL_VERSION - 2);

export interface VersionRange {
  min: number;
  max: number;
}

export type NegotiatedVersion =
  { ok: true; version: number } | { ok: false; problem: 'VERSION_TOO_OLD' | 'VERSION_TOO_NEW' };

/** The highest version both sides speak. Too old and too new are said of the first range. */
export function negotiateVersion(
  theirs: VersionRange,
  ours: VersionRange = { min: OLDEST_SUPPORTED_VERSION, max: PROTOCOL_VERSION },
): NegotiatedVersion {
  const version = Math.min(theirs.max, ours.max);
  if (version >= theirs.min && version >= ours.min) return { ok: true, version };
  return { ok: false, problem: theirs.max < ours.min ? 'VERSION_TOO_OLD' : 'VERSION_TOO_NEW' };
}
