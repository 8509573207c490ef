export type LoadReading = readonly [load1: number, load5: number, load15: number];

/** Reads /proc/loadavg. */
export function parseLoad(text: string): LoadReading {
  const [load1, load5, load15] = text.trim().split(/\s+/).map(Number);
  return [load1 || 0, load5 || 0, load15 || 0];
}
