import { arch, networkInterfaces, userInfo, type NetworkInterfaceInfo } from 'node:os';
import type { HostFacts } from '@pilothouse/protocol';
import {
  HostFiles,
  hostMounts,
  isInternalInterface,
  parseMemory,
  parseMounts,
  parseProcessors,
  type MountUsageReader,
} from '../metrics/index.js';
import { automaticTags, hasDocker, hasGpu } from './automatic-tags.js';
import { parseOperatingSystem } from './operating-system.parser.js';
import { processorModel } from './processor-model.parser.js';
import { detectVirtualisation } from './virtualisation.js';

export interface FactsOptions {
  agentVersion: string;
  /** Where the file tree begins: `/`, or a recorded tree in tests. */
  root?: string;
  /** Asks file systems for their size. */
  mounts?: MountUsageReader;
  architecture?: string;
  interfaces?: () => NodeJS.Dict<NetworkInterfaceInfo[]>;
}

const MAX_ADDRESSES = 64;
const UNKNOWN_BOOT = 'unknown';

/**
 * What there is to know of this host, from its files; no program is started. Fits `hostFactsSchema` on any Linux: what
 * cannot be read is empty, zero or null.
 */
export async function collectFacts(options: FactsOptions): Promise<HostFacts> {
  const files = new HostFiles(options.root);
  const read = async (name: string) => (await files.text(name)) ?? '';
  const [system, cpuinfo, hostname, kernel, bootId] = await Promise.all(
    ['/etc/os-release', '/proc/cpuinfo', '/proc/sys/kernel/hostname', '/proc/sys/kernel/osrelease', BOOT_ID].map(read),
  );
  const operatingSystem = parseOperatingSystem(system || (await read('/usr/lib/os-release')));
  const memory = parseMemory(await read('/proc/meminfo'));
  const processors = parseProcessors(await read('/proc/stat'));
  const virtualisation = await detectVirtualisation(files);
  const hardware = {
    architecture: (options.architecture ?? arch()).slice(0, 32),
    cpuModel: clip(processorModel(cpuinfo ?? '', await files.text('/proc/device-tree/model'))),
    cpuCount: processors?.cores.size ?? 0,
    memoryMib: Math.round(memory.totalBytes / 2 ** 20),
    swapMib: Math.round(memory.swapTotalBytes / 2 ** 20),
    diskMib: await diskMib(files, options.mounts ?? hostMounts),
    systemd: await files.exists('/run/systemd/system'),
  };
  const devices = { hasGpu: await hasGpu(files), hasDocker: await hasDocker(files) };
  return {
    hostname: (hostname ?? '').trim().slice(0, 255),
    addresses: addressesOf((options.interfaces ?? networkInterfaces)()),
    osName: clip(operatingSystem.name),
    osVersion: clip(operatingSystem.version),
    kernel: clip((kernel ?? '').trim()),
    ...hardware,
    virtualisation: virtualisation?.name.slice(0, 64) ?? null,
    bootId: (bootId ?? '').trim().slice(0, 64) || UNKNOWN_BOOT,
    bootedAt: new Date((processors?.bootTimeSeconds ?? 0) * 1000).toISOString(),
    agentVersion: options.agentVersion,
    agentUser: agentUser(),
    automaticTags: automaticTags({ facts: hardware, virtualisation, ...devices }),
  };
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

const clip = (text: string) => text.slice(0, 128);

/** Space of local file systems together. */
async function diskMib(files: HostFiles, reader: MountUsageReader): Promise<number> {
  const mounts = parseMounts((await files.text('/proc/self/mountinfo')) ?? '').filter(({ reach }) => reach === 'local');
  const usages = await reader.read(mounts);
  return Math.round(usages.reduce((sum, usage) => sum + usage.sizeBytes, 0) / 2 ** 20);
}

/** Addresses by which others may reach the host: none of loopback, of bridges for containers, or of one link only. */
function addressesOf(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): string[] {
  const addresses = Object.entries(interfaces)
    .filter(([name]) => !isInternalInterface(name))
    .flatMap(([, entries = []]) => entries)
    .filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address))
    .map(({ address }) => address.split('%')[0]!);
  return [...new Set(addresses)].slice(0, MAX_ADDRESSES);
}

/** The name of the user this process runs as; a number where no name is known, as in some containers. */
function agentUser(): string {
  try {
    return userInfo().username.slice(0, 64);
  } catch {
    // libuv throws for a user id without an entry in the user database.
    return String(process.getuid?.() ?? 'unknown');
  }
}
