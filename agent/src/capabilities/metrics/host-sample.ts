import type { HostSample } from '@pilothouse/protocol';
import { counterDelta, kibPerSecond, mib, percentOf } from './counters.js';
import type { HostReading } from './host-reader.js';
import type { ProcessorTimes } from './processor.parser.js';

const MIN_SPAN_MS = 1000;

/** Two readings of the same host, the later one second. */
export interface ReadingPair {
  previous: HostReading;
  current: HostReading;
}

/**
 * The host's sample for the time between two readings; null when they are less than a second apart, as just after a
 * start, when a share would tell of the agent's own start more than of the host. Space is that of local file systems:
 * one NFS server must not be counted on each of its clients.
 */
export function hostSample(time: string, { previous, current }: ReadingPair): HostSample | null {
  const cpu = processorShares(previous.processors.total, current.processors.total);
  const elapsedMs = current.atMs - previous.atMs;
  if (!cpu || elapsedMs < MIN_SPAN_MS) return null;
  const { memory, load, pressure } = current;
  const local = current.mounts.filter((mount) => mount.reach === 'local');
  const inodes = local.flatMap((mount) => mount.inodesUsedPct ?? []);
  const disks = sumOfDeltas(current.disks, previous.disks, ['readBytes', 'writtenBytes']);
  const network = sumOfDeltas(countedInterfaces(current.interfaces), previous.interfaces, ['rxBytes', 'txBytes']);
  return {
    time,
    cpuPct: cpu.busyPct,
    iowaitPct: cpu.iowaitPct,
    stealPct: cpu.stealPct,
    load1: load[0],
    load5: load[1],
    load15: load[2],
    memUsedMib: mib(memory.totalBytes - memory.availableBytes),
    memAvailableMib: mib(memory.availableBytes),
    swapUsedMib: mib(memory.swapTotalBytes - memory.swapFreeBytes),
    diskUsedMib: mib(local.reduce((sum, mount) => sum + mount.usedBytes, 0)),
    diskReadKibs: kibPerSecond(disks.readBytes, elapsedMs),
    diskWriteKibs: kibPerSecond(disks.writtenBytes, elapsedMs),
    netRxKibs: kibPerSecond(network.rxBytes, elapsedMs),
    netTxKibs: kibPerSecond(network.txBytes, elapsedMs),
    processCount: current.processCount,
    inodesUsedPct: inodes.length > 0 ? Math.max(...inodes) : null,
    psiCpuPct: pressure.cpuPct,
    psiMemoryPct: pressure.memoryPct,
    psiIoPct: pressure.ioPct,
  };
}

export interface ProcessorShares {
  busyPct: number;
  iowaitPct: number;
  stealPct: number;
}

/** Shares of the ticks between two readings; null when the counters stood still or began anew. */
export function processorShares(previous: ProcessorTimes, current: ProcessorTimes): ProcessorShares | null {
  const whole = current.totalTicks - previous.totalTicks;
  if (whole <= 0) return null;
  // The kernel may take idle and iowait ticks back; a share then is 0, not negative.
  const share = (key: keyof ProcessorTimes) => Math.max(0, current[key] - previous[key]);
  const iowait = share('iowaitTicks');
  return {
    busyPct: percentOf(whole - share('idleTicks') - iowait, whole),
    iowaitPct: percentOf(iowait, whole),
    stealPct: percentOf(share('stealTicks'), whole),
  };
}

/** Network cards; in a container, which has none, whatever carries its traffic. */
function countedInterfaces(interfaces: HostReading['interfaces']): HostReading['interfaces'] {
  const physical = new Map([...interfaces].filter(([, counters]) => counters.physical));
  return physical.size > 0 ? physical : interfaces;
}

/** Adds up how far the counters moved; what is new or began anew since the previous reading adds nothing. */
function sumOfDeltas<K extends string>(
  current: ReadonlyMap<string, Record<K, number>>,
  previous: ReadonlyMap<string, Record<K, number>>,
  keys: readonly K[],
): Record<K, number> {
  const sum = (key: K) =>
    [...current].reduce(
      (total, [name, counters]) => total + (counterDelta(previous.get(name)?.[key], counters[key]) ?? 0),
      0,
    );
  return Object.fromEntries(keys.map((key) => [key, sum(key)])) as Record<K, number>;
}
