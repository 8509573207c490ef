import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** Of `/proc/<pid>/stat`; a tick is 1/100 s on every Linux that Node runs on. */
const TICK_MS = 10;

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib ?? 0) * 1024;
}

/** Memory of a process that no other shares, and its part of what is shared, in bytes: sums over processes are true. */
export function proportionalBytes(pid: number): number {
  const [, kib] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
  return Number(kib ?? 0) * 1024;
}

/** User and system time of a process so far, in milliseconds. */
export function processorMs(pid: number): number {
  const fields = statFields(pid);
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** The same of a process and all below it, with those below it that have ended: a pool closes what lies idle. */
export function processorMsOfTree(root: number): number {
  return treeOf(root).reduce((total, pid) => total + processorMsWithEnded(pid), 0);
}

function processorMsWithEnded(pid: number): number {
  try {
    return statFields(pid)
      .slice(11, 15)
      .reduce((total, ticks) => total + Number(ticks) * TICK_MS, 0);
  } catch {
    return 0; // It has ended since the list was made, and counts with its parent from now on.
  }
}

/** Files, sockets and pipes that a process holds open: their paths, or of what kind they are. */
export function openDescriptors(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).flatMap((descriptor) => {
    try {
      return [readlinkSync(`${directory}/${descriptor}`)];
    } catch {
      return []; // It was closed since the directory was read.
    }
  });
}

/** A process and all below it. */
export function treeOf(root: number): number[] {
  const parents = new Map(allProcesses().map((pid) => [pid, parentOf(pid)]));
  const tree = [root];
  for (const pid of tree) tree.push(...[...parents].filter(([, parent]) => parent === pid).map(([child]) => child));
  return tree;
}

function allProcesses(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function parentOf(pid: number): number | null {
  try {
    return Number(statFields(pid)[1]);
  } catch {
    return null; // It has ended since the directory was read.
  }
}

/** From the third field on: what comes before may hold anything. */
function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
