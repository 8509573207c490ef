import type { HostFigure } from '../../gql/graphql.js';
import { mebibytes } from '../../ui/figures.js';

interface FigureKind {
  label: string;
  show: (value: number) => string;
  /** Highest possible value, where there is one. */
  ceiling?: number;
}

const percent = (label: string): FigureKind => ({ label, show: (value) => `${value.toFixed(1)} %`, ceiling: 100 });
const size = (label: string): FigureKind => ({ label, show: mebibytes });
const rate = (label: string): FigureKind => ({
  label,
  show: (kib) => (kib < 1024 ? `${Math.round(kib)} KiB/s` : `${(kib / 1024).toFixed(1)} MiB/s`),
});
const load = (label: string): FigureKind => ({ label, show: (value) => value.toFixed(2) });

/** Every figure of a host: its name and how it is written. */
export const FIGURES: Record<HostFigure, FigureKind> = {
  CPU_PCT: percent('cpu'),
  LOAD1: load('load 1 min'),
  LOAD5: load('load 5 min'),
  LOAD15: load('load 15 min'),
  IOWAIT_PCT: percent('waiting for disks'),
  STEAL_PCT: percent('stolen'),
  MEM_USED_MIB: size('memory used'),
  MEM_AVAILABLE_MIB: size('memory available'),
  SWAP_USED_MIB: size('swap used'),
  DISK_USED_MIB: size('disk used'),
  INODES_USED_PCT: percent('inodes used'),
  DISK_READ_KIBS: rate('disk read'),
  DISK_WRITE_KIBS: rate('disk written'),
  NET_RX_KIBS: rate('received'),
  NET_TX_KIBS: rate('sent'),
  PSI_CPU_PCT: percent('cpu pressure'),
  PSI_IO_PCT: percent('disk pressure'),
  PSI_MEMORY_PCT: percent('memory pressure'),
  PROCESS_COUNT: { label: 'processes', show: (value) => String(Math.round(value)) },
};

export const FIGURE_NAMES = Object.keys(FIGURES) as HostFigure[];

/** What a chart shows if nothing else is asked for. */
export const USUAL_FIGURES: readonly HostFigure[] = [
  'CPU_PCT',
  'LOAD1',
  'MEM_USED_MIB',
  'DISK_USED_MIB',
  'NET_RX_KIBS',
  'NET_TX_KIBS',
];
