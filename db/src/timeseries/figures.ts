/** What a figure counts, how PostgreSQL keeps it and the largest value it may have; none is ever negative. */
export const UNITS = {
  PERCENT: { sqlType: 'real', max: 100 },
  LOAD: { sqlType: 'real', max: 1e6 },
  MIB: { sqlType: 'int4', max: 2_147_483_647 },
  KIBS: { sqlType: 'int4', max: 2_147_483_647 },
  COUNT: { sqlType: 'int4', max: 2_147_483_647 },
} as const;

export type Unit = keyof typeof UNITS;

/**
 * One measured quantity. It is a column of its sample table, and two (`_avg`, `_max`) of every roll-up.
 *
 * A line added here is a column everywhere after the next installation; taking one away needs a migration.
 */
export interface Figure {
  readonly name: string;
  readonly unit: Unit;
  /** The kernel, or the kind of part, may not tell it. */
  readonly nullable: boolean;
  readonly description: string;
}

export const HOST_FIGURES = [
  { name: 'cpuPct', unit: 'PERCENT', nullable: false, description: 'Time busy, of all cores together' },
  { name: 'iowaitPct', unit: 'PERCENT', nullable: false, description: 'Time waiting for disks' },
  { name: 'stealPct', unit: 'PERCENT', nullable: false, description: 'Time taken by the hypervisor' },
  { name: 'load1', unit: 'LOAD', nullable: false, description: 'Load average over 1 minute' },
  { name: 'load5', unit: 'LOAD', nullable: false, description: 'Load average over 5 minutes' },
  { name: 'load15', unit: 'LOAD', nullable: false, description: 'Load average over 15 minutes' },
  { name: 'memUsedMib', unit: 'MIB', nullable: false, description: 'Memory in use' },
  { name: 'memAvailableMib', unit: 'MIB', nullable: false, description: 'Memory available without swapping' },
  { name: 'swapUsedMib', unit: 'MIB', nullable: false, description: 'Swap in use' },
  { name: 'diskUsedMib', unit: 'MIB', nullable: false, description: 'Used space of all real file systems' },
  { name: 'diskReadKibs', unit: 'KIBS', nullable: false, description: 'Read from disks' },
  { name: 'diskWriteKibs', unit: 'KIBS', nullable: false, description: 'Written to disks' },
  { name: 'netRxKibs', unit: 'KIBS', nullable: false, description: 'Received from the network' },
  { name: 'netTxKibs', unit: 'KIBS', nullable: false, description: 'Sent to the network' },
  { name: 'processCount', unit: 'COUNT', nullable: false, description: 'Processes' },
  { name: 'inodesUsedPct', unit: 'PERCENT', nullable: true, description: 'Inodes in use of the fullest file system' },
  { name: 'psiCpuPct', unit: 'PERCENT', nullable: true, description: 'Time in which some task waited for a core' },
  { name: 'psiMemoryPct', unit: 'PERCENT', nullable: true, description: 'Time in which some task waited for memory' },
  { name: 'psiIoPct', unit: 'PERCENT', nullable: true, description: 'Time in which some task waited for a disk' },
] as const satisfies readonly Figure[];

export const PART_FIGURES = [
  { name: 'busyPct', unit: 'PERCENT', nullable: true, description: 'Time busy (core, disk)' },
  { name: 'usedPct', unit: 'PERCENT', nullable: true, description: 'Share of space in use (mount)' },
  { name: 'usedMib', unit: 'MIB', nullable: true, description: 'Space in use (mount)' },
  { name: 'sizeMib', unit: 'MIB', nullable: true, description: 'Size (mount)' },
  { name: 'inodesUsedPct', unit: 'PERCENT', nullable: true, description: 'Share of inodes in use (mount)' },
  { name: 'readKibs', unit: 'KIBS', nullable: true, description: 'Read (disk)' },
  { name: 'writeKibs', unit: 'KIBS', nullable: true, description: 'Written (disk)' },
  { name: 'rxKibs', unit: 'KIBS', nullable: true, description: 'Received (interface)' },
  { name: 'txKibs', unit: 'KIBS', nullable: true, description: 'Sent (interface)' },
] as const satisfies readonly Figure[];

export const PART_KINDS = ['CPU', 'MOUNT', 'DISK', 'INTERFACE'] as const;

export type PartKind = (typeof PART_KINDS)[number];
export type HostFigure = (typeof HOST_FIGURES)[number]['name'];
export type PartFigure = (typeof PART_FIGURES)[number]['name'];

type Values<F extends Figure> = { [Each in F as Each['name']]: Each['nullable'] extends true ? number | null : number };

/** One sample of a host, as the protocol has it. `time` is ISO 8601 in UTC; it is cut to 10 s when stored. */
export type HostSampleRow = { time: string } & Values<(typeof HOST_FIGURES)[number]>;

/** One sample of a core, mount, disk or interface, as the protocol has it. `time` is cut to 60 s when stored. */
export type HostPartRow = { time: string; kind: PartKind; name: string } & Values<(typeof PART_FIGURES)[number]>;

export function columnOf(figure: string): string {
  return figure.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
