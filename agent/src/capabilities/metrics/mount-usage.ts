import { statfs } from 'node:fs/promises';
import { percentOf } from './counters.js';
import type { Mount, MountReach } from './mounts.parser.js';

export interface MountUsage {
  path: string;
  reach: MountReach;
  sizeBytes: number;
  usedBytes: number;
  /** As df tells it: of what users other than root can have. */
  usedPct: number;
  /** Null where the file system makes inodes as it needs them. */
  inodesUsedPct: number | null;
  /** False: the file system could not be asked this time; these are its last known figures. */
  fresh: boolean;
}

interface FileSystemFigures {
  bsize: number;
  blocks: number;
  bfree: number;
  bavail: number;
  files: number;
  ffree: number;
}

export interface MountUsageOptions {
  statfs?: (path: string) => Promise<FileSystemFigures>;
  /** How long one file system is waited for. */
  deadlineMs?: number;
}

type Answer = FileSystemFigures | 'late' | 'gone';

/**
 * Asks file systems for their space, and is never held up by one that does not answer.
 *
 * A statfs of a dead network mount blocks a thread of libuv's pool of four until the server is back. So local and
 * network file systems each have one lane with one call under way: after the deadline the mount is remembered as hung,
 * and until its call returns the lane's other mounts are not asked either. At most two threads are ever lost, the agent
 * goes on, and a lane that is free again is used again.
 */
export class MountUsageReader {
  private readonly statfs: NonNullable<MountUsageOptions['statfs']>;
  private readonly deadlineMs: number;
  private readonly hung = new Map<MountReach, string>();
  private readonly known = new Map<string, MountUsage>();
  private queue: Promise<unknown> = Promise.resolve();

  constructor(options: MountUsageOptions = {}) {
    this.statfs = options.statfs ?? ((path) => statfs(path));
    this.deadlineMs = options.deadlineMs ?? 2000;
  }

  /** Paths of mounts that have not answered yet. */
  get hungPaths(): string[] {
    return [...this.hung.values()];
  }

  /** Figures of `mounts`, in their order; a mount that never answered is left out. */
  read(mounts: readonly Mount[]): Promise<MountUsage[]> {
    const result = this.queue.then(() => this.readAll(mounts));
    this.queue = result;
    return result;
  }

  private async readAll(mounts: readonly Mount[]): Promise<MountUsage[]> {
    for (const path of this.known.keys()) {
      if (!mounts.some((mount) => mount.path === path)) this.known.delete(path);
    }
    const lanes = (['local', 'network'] as const).map((reach) => mounts.filter((mount) => mount.reach === reach));
    const read = (await Promise.all(lanes.map((lane) => this.readLane(lane)))).flat();
    return mounts.flatMap((mount) => read.find((usage) => usage.path === mount.path) ?? []);
  }

  private async readLane(mounts: readonly Mount[]): Promise<MountUsage[]> {
    const usages: MountUsage[] = [];
    for (const mount of mounts) {
      const answer = this.hung.has(mount.reach) ? 'late' : await this.ask(mount);
      if (answer === 'gone') this.known.delete(mount.path);
      else if (answer !== 'late') this.known.set(mount.path, usageOf(mount, answer));
      const known = this.known.get(mount.path);
      if (known) usages.push({ ...known, fresh: answer !== 'late' });
    }
    return usages;
  }

  private async ask(mount: Mount): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined;
    const answered: Promise<Answer> = this.statfs(mount.path).catch(() => 'gone' as const);
    const deadline = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), this.deadlineMs);
    });
    const answer = await Promise.race([answered, deadline]);
    clearTimeout(timer);
    if (answer === 'late') {
      this.hung.set(mount.reach, mount.path);
      void answered.then(() => this.hung.delete(mount.reach));
    }
    return answer;
  }
}

/** The reader of this process: the threads that hung mounts may hold are the process's own, so one counts them all. */
export const hostMounts = new MountUsageReader();

function usageOf(
  { path, reach }: Mount,
  { bsize, blocks, bfree, bavail, files, ffree }: FileSystemFigures,
): MountUsage {
  const usedBlocks = Math.max(0, blocks - bfree);
  return {
    path,
    reach,
    sizeBytes: blocks * bsize,
    usedBytes: usedBlocks * bsize,
    usedPct: percentOf(usedBlocks, usedBlocks + bavail),
    inodesUsedPct: files > 0 ? percentOf(files - ffree, files) : null,
    fresh: true,
  };
}
