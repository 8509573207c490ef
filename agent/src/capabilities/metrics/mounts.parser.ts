/** Where a file system is. `network`: asking it may hang for as long as its server is away. */
export type MountReach = 'local' | 'network';

export interface Mount {
  /** Path on the host. */
  path: string;
  type: string;
  reach: MountReach;
}

const NETWORK_TYPES = new Set(['nfs', 'nfs4', 'cifs', 'smb3', 'ceph', 'afs', 'lustre', '9p', 'virtiofs']);
/** Kept in a pool or several devices, so their source is no device node. */
const POOLED_TYPES = new Set(['zfs', 'bcachefs']);
/** Images that are always full and never change. */
const IMAGE_TYPES = new Set(['squashfs', 'iso9660', 'udf', 'erofs', 'cramfs', 'romfs']);

interface MountLine extends Mount {
  device: string;
  source: string;
  /** False for a bind mount of a directory or file of the file system. */
  whole: boolean;
}

/**
 * Reads /proc/self/mountinfo: the real file systems, each device once, under its shortest path.
 *
 * Real is what keeps data on a disk or a server: no tmpfs, no images, no loop devices (their space is counted where the
 * file lies), no FUSE but `fuseblk` (the block size of others cannot be told from Node). An overlay counts only as the
 * root of a container; bind mounts are then the host's business.
 */
export function parseMounts(text: string): Mount[] {
  const byPath = new Map<string, MountLine>();
  for (const line of text.split('\n')) {
    const mount = parseLine(line);
    // A later mount on the same path hides the earlier one.
    if (mount) byPath.set(mount.path, mount);
  }
  const inContainer = byPath.get('/')?.type === 'overlay';
  const byDevice = new Map<string, MountLine>();
  for (const mount of byPath.values()) {
    if (!isReal(mount) || (inContainer && !mount.whole)) continue;
    const known = byDevice.get(mount.device);
    if (!known || isBetterName(mount, known)) byDevice.set(mount.device, mount);
  }
  return [...byDevice.values()].map(({ path, type, reach }) => ({ path, type, reach }));
}

/** `36 35 98:0 /root /path options [optional fields] - type source options`, with octal escapes. */
function parseLine(line: string): MountLine | null {
  const [left = '', right = ''] = line.split(' - ', 2);
  const [, , device, root, path] = left.split(' ');
  const [type, source = ''] = right.split(' ');
  if (!device || !root || !path || !type) return null;
  const reach = NETWORK_TYPES.has(type) ? 'network' : 'local';
  return { path: unescape(path), type, reach, device, whole: root === '/', source: unescape(source) };
}

function isReal(mount: MountLine): boolean {
  const { type, source } = mount;
  if (IMAGE_TYPES.has(type) || source.startsWith('/dev/loop')) return false;
  if (type === 'overlay') return mount.path === '/';
  return mount.reach === 'network' || POOLED_TYPES.has(type) || source.startsWith('/dev/');
}

function isBetterName(mount: MountLine, known: MountLine): boolean {
  if (mount.whole !== known.whole) return mount.whole;
  return mount.path.length < known.path.length;
}

/** Blank, tab, newline and backslash are written as `\040`, `\011`, `\012` and `\134`. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
