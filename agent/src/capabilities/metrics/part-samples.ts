import { sha256Hex, TELEMETRY_LIMITS, type HostPartSample, type PartKind } from '@pilothouse/protocol';
import { counterDelta, kibPerSecond, mib, percentOf } from './counters.js';
import { processorShares, type ReadingPair } from './host-sample.js';

type Figures = Partial<Omit<HostPartSample, 'time' | 'kind' | 'name'>>;
/** `weight` orders the parts of one kind: the most of it is kept. */
type Part = Figures & { name: string; weight: number };

const NO_FIGURES = {
  busyPct: null,
  usedPct: null,
  usedMib: null,
  sizeMib: null,
  inodesUsedPct: null,
  readKibs: null,
  writeKibs: null,
  rxKibs: null,
  txKibs: null,
} satisfies Figures;

/**
 * Samples of the parts for the time between two readings, at most `TELEMETRY_LIMITS.maxPartsPerKind` of a kind: the
 * busiest cores, the largest file systems, the disks and interfaces that moved the most bytes. A part that is new, began
 * anew or did not answer is left out until two readings of it exist.
 */
export function partSamples(time: string, pair: ReadingPair): HostPartSample[] {
  const elapsedMs = pair.current.atMs - pair.previous.atMs;
  const kinds: [PartKind, Part[]][] = [
    ['CPU', cores(pair)],
    ['MOUNT', mounts(pair)],
    ['DISK', disks(pair, elapsedMs)],
    ['INTERFACE', interfaces(pair, elapsedMs)],
  ];
  return kinds.flatMap(([kind, parts]) =>
    parts
      .sort((a, b) => b.weight - a.weight)
      .slice(0, TELEMETRY_LIMITS.maxPartsPerKind)
      .map(({ name, weight: _, ...figures }) => ({ time, kind, name: partName(name), ...NO_FIGURES, ...figures })),
  );
}

function cores({ previous, current }: ReadingPair): Part[] {
  return [...current.processors.cores].flatMap(([name, times]) => {
    const before = previous.processors.cores.get(name);
    const shares = before && processorShares(before, times);
    return shares ? { name, weight: shares.busyPct, busyPct: shares.busyPct } : [];
  });
}

function mounts({ current }: ReadingPair): Part[] {
  return current.mounts
    .filter((mount) => mount.fresh)
    .map(({ path, sizeBytes, usedBytes, usedPct, inodesUsedPct }) => ({
      name: path,
      weight: sizeBytes,
      usedPct,
      usedMib: mib(usedBytes),
      sizeMib: mib(sizeBytes),
      inodesUsedPct,
    }));
}

function disks({ previous, current }: ReadingPair, elapsedMs: number): Part[] {
  return [...current.disks].flatMap(([name, counters]) => {
    const before = previous.disks.get(name);
    const read = counterDelta(before?.readBytes, counters.readBytes);
    const written = counterDelta(before?.writtenBytes, counters.writtenBytes);
    const busyMs = counterDelta(before?.busyMs, counters.busyMs);
    if (read === null || written === null || busyMs === null) return [];
    const rates = { readKibs: kibPerSecond(read, elapsedMs), writeKibs: kibPerSecond(written, elapsedMs) };
    return { name, weight: read + written, busyPct: percentOf(busyMs, elapsedMs), ...rates };
  });
}

function interfaces({ previous, current }: ReadingPair, elapsedMs: number): Part[] {
  return [...current.interfaces].flatMap(([name, counters]) => {
    const before = previous.interfaces.get(name);
    const rx = counterDelta(before?.rxBytes, counters.rxBytes);
    const tx = counterDelta(before?.txBytes, counters.txBytes);
    if (rx === null || tx === null) return [];
    return { name, weight: rx + tx, rxKibs: kibPerSecond(rx, elapsedMs), txKibs: kibPerSecond(tx, elapsedMs) };
  });
}

const MARK_LENGTH = 9;

/** A name of at most `maxPartNameBytes`; a longer one is cut and marked by its hash, so that two never become one. */
export function partName(name: string): string {
  if (Buffer.byteLength(name) <= TELEMETRY_LIMITS.maxPartNameBytes) return name;
  const kept = Buffer.from(name).subarray(0, TELEMETRY_LIMITS.maxPartNameBytes - MARK_LENGTH);
  // A character cut in two would become a replacement character, which is longer than its remains.
  const whole = kept.toString('utf8').replace(/\uFFFD+$/, '');
  return `${whole}~${sha256Hex(name).slice(0, MARK_LENGTH - 1)}`;
}
