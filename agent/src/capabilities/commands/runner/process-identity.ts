import { readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same pid. `startTime` is in clock ticks since boot. */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
}

/** Null when there is no such process, or only its zombie. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // No such process.
    return null;
  }
  // The second field, the program's name in brackets, may itself hold brackets and spaces: see proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const startTime = fields[19];
  return startTime && state !== 'Z' && state !== 'X' ? { pid, startTime } : null;
}

export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  return identifyProcess(pid)?.startTime === startTime;
}

/** The identity a file of a command's directory holds; null when it is absent or was cut short. */
export function readIdentity(path: string): ProcessIdentity | null {
  try {
    const { pid, startTime } = JSON.parse(readFileSync(path, 'utf8')) as Partial<ProcessIdentity>;
    return typeof pid === 'number' && pid > 1 && typeof startTime === 'string' ? { pid, startTime } : null;
  } catch {
    // Not written yet, or not whole: no process is known.
    return null;
  }
}
