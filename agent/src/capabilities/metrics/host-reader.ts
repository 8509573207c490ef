import { performance } from 'node:perf_hooks';
import { parseDisks, type DiskCounters } from './disks.parser.js';
import { HostFiles } from './host-files.js';
import { isInternalInterface, parseInterfaces, type InterfaceCounters } from './interfaces.parser.js';
import { parseLoad, type LoadReading } from './load.parser.js';
import { parseMemory, type MemoryReading } from './memory.parser.js';
import { hostMounts, type MountUsage, type MountUsageReader } from './mount-usage.js';
import { parseMounts } from './mounts.parser.js';
import { parsePressure } from './pressure.parser.js';
import { parseProcessors, type ProcessorReading } from './processor.parser.js';

/** Everything the kernel tells of one moment; figures of a span are made from two of these. */
export interface HostReading {
  /** Monotonic milliseconds of this process. */
  atMs: number;
  processors: ProcessorReading;
  load: LoadReading;
  memory: MemoryReading;
  /** Whole physical disks by name. */
  disks: Map<string, DiskCounters>;
  interfaces: Map<string, InterfaceCounters & { physical: boolean }>;
  mounts: MountUsage[];
  pressure: { cpuPct: number | null; memoryPct: number | null; ioPct: number | null };
  processCount: number;
}

export interface HostReaderOptions {
  /** Where the file tree begins: `/`, or a recorded tree in tests. */
  root?: string;
  mounts?: MountUsageReader;
  monotonicMs?: () => number;
}

export class HostReader {
  readonly mounts: MountUsageReader;
  private readonly files: HostFiles;
  private readonly monotonicMs: () => number;
  private readonly physical = { block: new Map<string, boolean>(), net: new Map<string, boolean>() };

  constructor({ root, mounts, monotonicMs }: HostReaderOptions = {}) {
    this.files = new HostFiles(root);
    this.mounts = mounts ?? hostMounts;
    this.monotonicMs = monotonicMs ?? (() => performance.now());
  }

  /**
   * Reads the host. Network file systems are asked only `withNetworkMounts`: they are parts, not the host's own space.
   * @throws when /proc/stat cannot be read: this is no Linux host.
   */
  async read({ withNetworkMounts }: { withNetworkMounts: boolean }): Promise<HostReading> {
    const processors = parseProcessors((await this.files.text('/proc/stat')) ?? '');
    if (!processors) throw new Error('/proc/stat cannot be read');
    const atMs = this.monotonicMs();
    const [load, memory, disks, interfaces, mounts, pressure, processes] = await Promise.all([
      this.files.text('/proc/loadavg'),
      this.files.text('/proc/meminfo'),
      this.readDisks(),
      this.readInterfaces(),
      this.readMounts(withNetworkMounts),
      this.readPressure(),
      this.files.names('/proc'),
    ]);
    const processCount = processes.filter((name) => /^\d+$/.test(name)).length;
    const figures = { load: parseLoad(load ?? ''), memory: parseMemory(memory ?? '') };
    return { atMs, processors, ...figures, disks, interfaces, mounts, pressure, processCount };
  }

  private async readDisks(): Promise<HostReading['disks']> {
    const all = parseDisks((await this.files.text('/proc/diskstats')) ?? '');
    const physical = await this.physicalOf('block', [...all.keys()]);
    return new Map([...all].filter(([name]) => physical.get(name)));
  }

  private async readInterfaces(): Promise<HostReading['interfaces']> {
    const all = parseInterfaces((await this.files.text('/proc/net/dev')) ?? '');
    const names = [...all.keys()].filter((name) => !isInternalInterface(name));
    const physical = await this.physicalOf('net', names);
    return new Map(names.map((name) => [name, { ...all.get(name)!, physical: physical.get(name) ?? false }]));
  }

  private async readMounts(withNetworkMounts: boolean): Promise<MountUsage[]> {
    const mounts = parseMounts((await this.files.text('/proc/self/mountinfo')) ?? '');
    return this.mounts.read(mounts.filter((mount) => withNetworkMounts || mount.reach === 'local'));
  }

  private async readPressure(): Promise<HostReading['pressure']> {
    const [cpuPct, memoryPct, ioPct] = await Promise.all(
      ['cpu', 'memory', 'io'].map(async (name) => parsePressure(await this.files.text(`/proc/pressure/${name}`))),
    );
    return { cpuPct: cpuPct ?? null, memoryPct: memoryPct ?? null, ioPct: ioPct ?? null };
  }

  /**
   * Whether sysfs knows a device behind each name: true for disks and network cards, false for partitions, loop and RAM
   * devices, RAID and volume managers, bridges, bonds and tunnels, whose bytes their members count already. Looked up
   * once for a name, for as long as it exists.
   */
  private async physicalOf(kind: 'block' | 'net', names: readonly string[]): Promise<ReadonlyMap<string, boolean>> {
    const cache = this.physical[kind];
    for (const name of cache.keys()) if (!names.includes(name)) cache.delete(name);
    for (const name of names) {
      if (cache.has(name)) continue;
      const entry = `/sys/class/${kind}/${name.replaceAll('/', '!')}`;
      const partition = kind === 'block' && (await this.files.exists(`${entry}/partition`));
      cache.set(name, !partition && (await this.files.exists(`${entry}/device`)));
    }
    return cache;
  }
}
