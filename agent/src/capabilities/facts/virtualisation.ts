import type { HostFiles } from '../metrics/index.js';

/** What the host runs in; null on bare metal. `kind` tells containers, which share a kernel, from virtual machines. */
export interface Virtualisation {
  kind: 'container' | 'machine';
  /** `docker`, `podman`, `lxc`, `systemd-nspawn`, `kvm`, `vmware` ..., as systemd-detect-virt says it. */
  name: string;
}

/** What makers of virtual machines write into the tables of the firmware; the first that fits is taken. */
const FIRMWARE: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/Amazon EC2/, 'amazon'],
  [/Google Compute Engine/, 'google'],
  [/VMware|VMW/, 'vmware'],
  [/VirtualBox|innotek/, 'oracle'],
  [/Microsoft Corporation\nVirtual Machine/, 'microsoft'],
  [/Parallels/, 'parallels'],
  [/BHYVE/, 'bhyve'],
  [/Apple Virtualization/, 'apple'],
  [/Xen/, 'xen'],
  [/KVM|OpenStack|DigitalOcean|Droplet|Hetzner\nvServer|Scaleway|Vultr/, 'kvm'],
  [/QEMU|Bochs/, 'qemu'],
];

/** Finds out from files alone; nothing is started. The innermost layer counts: a container in a machine is a container. */
export async function detectVirtualisation(files: HostFiles): Promise<Virtualisation | null> {
  const container = await detectContainer(files);
  if (container) return { kind: 'container', name: container };
  const machine = await detectMachine(files);
  return machine === null ? null : { kind: 'machine', name: machine };
}

async function detectContainer(files: HostFiles): Promise<string | null> {
  const kernel = (await files.text('/proc/sys/kernel/osrelease')) ?? '';
  if (/microsoft/i.test(kernel)) return 'wsl';
  if ((await files.exists('/proc/vz')) && !(await files.exists('/proc/bc'))) return 'openvz';
  const told = (await files.text('/run/systemd/container'))?.trim() || (await containerOfInit(files));
  if (told) return told;
  if (await files.exists('/run/.containerenv')) return 'podman';
  if (await files.exists('/.dockerenv')) return 'docker';
  const groups = (await files.text('/proc/1/cgroup')) ?? '';
  return /(docker|kubepods|lxc|podman)/.exec(groups)?.[1]?.replace('kubepods', 'kubernetes') ?? null;
}

/** The manager of a container says its name in the environment of the first process, which only root may read. */
async function containerOfInit(files: HostFiles): Promise<string | null> {
  const environment = (await files.text('/proc/1/environ')) ?? '';
  return /(?:^|\0)container=([^\0]+)/.exec(environment)?.[1] ?? null;
}

async function detectMachine(files: HostFiles): Promise<string | null> {
  const names = ['sys_vendor', 'product_name', 'board_vendor', 'bios_vendor', 'product_version'];
  const tables = await Promise.all(names.map((name) => files.text(`/sys/class/dmi/id/${name}`)));
  const firmware = tables.map((text) => text?.trim() ?? '').join('\n');
  const known = FIRMWARE.find(([pattern]) => pattern.test(firmware))?.[1];
  // The metal instances of EC2 bear the same vendor, but no hypervisor.
  if (known && !/\.metal/.test(firmware)) return known;
  const hypervisor = (await files.text('/sys/hypervisor/type'))?.trim();
  const controls = (await files.text('/proc/xen/capabilities')) ?? '';
  if (hypervisor && !controls.includes('control_d')) return hypervisor;
  const tree = await files.text('/proc/device-tree/hypervisor/compatible');
  if (tree) return tree.includes('kvm') ? 'kvm' : 'machine';
  const flags = (await files.text('/proc/cpuinfo')) ?? '';
  return /^flags\s*:.*\bhypervisor\b/m.test(flags) ? 'machine' : null;
}
