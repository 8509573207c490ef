export interface DiskCounters {
  readBytes: number;
  writtenBytes: number;
  busyMs: number;
}

/** The kernel counts in units of 512 bytes here, whatever the device's own sector size. */
const SECTOR_BYTES = 512;

/** Reads /proc/diskstats: all block devices by name, partitions and virtual ones among them. */
export function parseDisks(text: string): Map<string, DiskCounters> {
  const disks = new Map<string, DiskCounters>();
  for (const line of text.split('\n')) {
    const columns = line.trim().split(/\s+/);
    const name = columns[2];
    // Four columns after the name are partitions of kernels before 2.6.25.
    if (!name || columns.length < 14) continue;
    disks.set(name, {
      readBytes: Number(columns[5]) * SECTOR_BYTES,
      writtenBytes: Number(columns[9]) * SECTOR_BYTES,
      busyMs: Number(columns[12]),
    });
  }
  return disks;
}
