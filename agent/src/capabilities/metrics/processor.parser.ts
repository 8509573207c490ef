/** Ticks a processor has spent since boot. `totalTicks` is all of them; guests are part of user time already. */
export interface ProcessorTimes {
  idleTicks: number;
  iowaitTicks: number;
  stealTicks: number;
  totalTicks: number;
}

export interface ProcessorReading {
  total: ProcessorTimes;
  /** By core number as the kernel gives it; cores that are offline are absent. */
  cores: Map<string, ProcessorTimes>;
  /** Seconds since the epoch at which the host booted, by the host's clock. */
  bootTimeSeconds: number;
}

/** Reads /proc/stat; null when it holds no processor line. */
export function parseProcessors(text: string): ProcessorReading | null {
  let total: ProcessorTimes | null = null;
  let bootTimeSeconds = 0;
  const cores = new Map<string, ProcessorTimes>();
  for (const line of text.split('\n')) {
    const [label = '', ...values] = line.trim().split(/\s+/);
    if (label === 'cpu') total = times(values);
    else if (/^cpu\d+$/.test(label)) cores.set(label.slice(3), times(values));
    else if (label === 'btime') bootTimeSeconds = Number(values[0]) || 0;
  }
  return total && { total, cores, bootTimeSeconds };
}

/** Columns: user nice system idle iowait irq softirq steal (guest guest_nice); old kernels end earlier. */
function times(values: string[]): ProcessorTimes {
  const ticks = Array.from({ length: 8 }, (_, index) => Number(values[index]) || 0);
  const [, , , idleTicks = 0, iowaitTicks = 0, , , stealTicks = 0] = ticks;
  return { idleTicks, iowaitTicks, stealTicks, totalTicks: ticks.reduce((sum, value) => sum + value, 0) };
}
