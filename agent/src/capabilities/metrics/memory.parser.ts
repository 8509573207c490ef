export interface MemoryReading {
  totalBytes: number;
  availableBytes: number;
  swapTotalBytes: number;
  swapFreeBytes: number;
}

/** Reads /proc/meminfo. Before Linux 3.14 there is no MemAvailable; free, buffers and cache together stand in for it. */
export function parseMemory(text: string): MemoryReading {
  const bytes = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = /^(\w+):\s+(\d+)( kB)?$/.exec(line.trim());
    if (match) bytes.set(match[1]!, Number(match[2]) * (match[3] ? 1024 : 1));
  }
  const value = (name: string) => bytes.get(name) ?? 0;
  return {
    totalBytes: value('MemTotal'),
    availableBytes: bytes.get('MemAvailable') ?? value('MemFree') + value('Buffers') + value('Cached'),
    swapTotalBytes: value('SwapTotal'),
    swapFreeBytes: value('SwapFree'),
  };
}
