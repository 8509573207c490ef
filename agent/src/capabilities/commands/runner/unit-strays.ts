import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GroupSignal } from './process-group.js';

/** Where systemd's own hierarchy of cgroups is mounted, by its name in /proc/self/cgroup: version 2, version 1. */
const MOUNTS: Readonly<Record<string, string>> = { '': '/sys/fs/cgroup', 'name=systemd': '/sys/fs/cgroup/systemd' };

/**
 * The processes of a command's unit that left the command's process group, by making a session of their own. None can
 * leave the unit.
 */
export class UnitStrays {
  private constructor(private readonly list: string) {}

  /** Null where this process, the runner, is not in a unit that was made for the command. */
  static find(commandId: string): UnitStrays | null {
    for (const line of readText('/proc/self/cgroup').split('\n')) {
      const [, hierarchy = '-', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      const mount = MOUNTS[hierarchy];
      if (mount === undefined || !path.includes(`/ph-cmd-${commandId}`)) continue;
      const list = join(mount, path, 'cgroup.procs');
      if (existsSync(list)) return new UnitStrays(list);
    }
    return null;
  }

  /** Sends a signal to all outside the group; false when there are none. */
  signal(groupId: number, signal: GroupSignal): boolean {
    const pids = readText(this.list).split('\n').filter(Boolean).map(Number);
    const strays = pids.filter((pid) => pid !== process.pid && groupOf(pid) !== groupId);
    for (const pid of strays) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended by itself.
      }
    }
    return strays.length > 0;
  }
}

/** The third field behind the program's name in brackets: see proc(5). */
function groupOf(pid: number): number {
  const stat = readText(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Gone, with the process or the cgroup it told of.
    return '';
  }
}
