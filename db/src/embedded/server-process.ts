import { readdir, readlink, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '../kernel/error-code.js';
import { readIfExists } from '../kernel/small-files.js';
import type { Placement } from './placement.js';

const POLL_MS = 10;

/** What runs on a data directory, from /proc: a process id in `postmaster.pid` alone may be anyone's by now. */
export type ServerState =
  | { kind: 'absent' }
  | { kind: 'orphans'; pids: number[] }
  | { kind: 'running'; pid: number; port: number; phase: string; program: string };

export async function inspectServer(placement: Placement): Promise<ServerState> {
  const [pid, port, phase] = await readLockFile(placement.dataDir);
  const programs = await programsIn(placement);
  if (programs.size === 0) return { kind: 'absent' };
  const program = programs.get(pid);
  if (program === undefined) return { kind: 'orphans', pids: [...programs.keys()] };
  return { kind: 'running', pid, port, phase, program };
}

/** Resolves once `isDone` answers yes; false when that took longer than `limitMs`. */
export async function pollUntil(limitMs: number, isDone: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (!(await isDone())) {
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** Lines of `postmaster.pid`: 1 process id, 4 port, 8 phase (`starting`, `ready`, `stopping`). */
export async function readLockFile(dataDir: string): Promise<[pid: number, port: number, phase: string]> {
  const lines = ((await readIfExists(join(dataDir, 'postmaster.pid'))) ?? '').split('\n');
  return [Number(lines[0]), Number(lines[3]), lines[7]?.trim() ?? ''];
}

async function programsIn({ dataDir, account }: Placement): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const program = await serverProgram(`/proc/${name}`, dataDir, account.uid);
    if (program !== undefined) found.set(Number(name), program);
  }
  return found;
}

/** The program a process runs when it is a server on the data directory. */
export async function serverProgram(proc: string, dataDir: string, uid: number): Promise<string | undefined> {
  try {
    if ((await readlink(`${proc}/cwd`)) !== dataDir || (await stat(proc)).uid !== uid) return undefined;
    const program = await readlink(`${proc}/exe`);
    return basename(program).startsWith('postgres') ? program : undefined;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return undefined;
    throw error;
  }
}
