import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostFactsSchema } from '@pilothouse/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostFiles, MountUsageReader } from '../metrics/index.js';
import { automaticTags, HIGH_MEMORY_MIB, MANY_CORES } from './automatic-tags.js';
import { collectFacts } from './host-facts.js';
import { parseOperatingSystem } from './operating-system.parser.js';
import { processorModel } from './processor-model.parser.js';
import { detectVirtualisation } from './virtualisation.js';

const recorded = fileURLToPath(new URL('../metrics/fixtures/virtual-machine', import.meta.url));
const figures = { bsize: 4096, blocks: 262_144, bfree: 0, bavail: 0, files: 0, ffree: 0 };
const address = (text: string, internal = false) => ({
  ...{ address: text, internal, netmask: '', mac: '', cidr: null },
  ...{ family: 'IPv4' as const },
});

describe('facts', () => {
  it('of a recorded host are what its files say', async () => {
    const facts = await collectFacts({
      agentVersion: '0.1.0',
      root: recorded,
      mounts: new MountUsageReader({ statfs: async () => figures }),
      architecture: 'arm64',
      interfaces: () => ({
        lo: [address('127.0.0.1', true)],
        eth0: [address('192.0.2.7'), address('fe80::1%eth0'), address('2001:db8::7')],
        docker0: [address('172.17.0.1')],
        wg0: [address('10.0.0.2'), address('192.0.2.7')],
      }),
    });
    expect(hostFactsSchema.parse(facts)).toEqual({
      hostname: 'web-1',
      addresses: ['192.0.2.7', '2001:db8::7', '10.0.0.2'],
      osName: 'Debian GNU/Linux',
      osVersion: '12',
      kernel: '6.1.0-26-amd64',
      architecture: 'arm64',
      cpuModel: 'AMD EPYC 9354 32-Core Processor',
      cpuCount: 2,
      memoryMib: 32_768,
      swapMib: 2048,
      diskMib: 2048,
      virtualisation: 'qemu',
      bootId: 'd478d19f-e47e-48d9-94fe-56047bed245b',
      bootedAt: '2026-11-21T01:51:48.000Z',
      agentVersion: '0.1.0',
      systemd: true,
      agentUser: expect.any(String),
      automaticTags: ['arm64', 'high-mem', 'gpu', 'systemd', 'docker'],
    });
  });

  it('of this machine fit the protocol', async () => {
    const facts = hostFactsSchema.parse(await collectFacts({ agentVersion: '0.1.0' }));
    expect(facts.cpuCount).toBeGreaterThan(0);
    expect(facts.diskMib).toBeGreaterThan(0);
  });

  it('fit the protocol where nothing can be read', async () => {
    const facts = hostFactsSchema.parse(await collectFacts({ agentVersion: '0.1.0', root: '/nowhere' }));
    expect(facts).toMatchObject({ osName: 'Linux', cpuCount: 0, bootId: 'unknown', virtualisation: null });
  });
});

describe('the operating system', () => {
  it('is read quoted, unquoted and with escapes', () => {
    expect(parseOperatingSystem('NAME="A \\"B\\""\nVERSION_ID=3.20.1\n')).toEqual({ name: 'A "B"', version: '3.20.1' });
    expect(parseOperatingSystem("NAME='Arch Linux'\nBUILD_ID=rolling\n")).toEqual({
      name: 'Arch Linux',
      version: 'rolling',
    });
    expect(parseOperatingSystem('# nothing\n')).toEqual({ name: 'Linux', version: '' });
  });
});

describe('the processor’s name', () => {
  it.each([
    ['x86', 'processor: 0\nmodel name\t: Xeon: Gold\n', null, 'Xeon: Gold'],
    ['a Raspberry Pi', 'processor: 0\nModel\t\t: Raspberry Pi 4\n', 'other', 'Raspberry Pi 4'],
    ['an ARM board that only names itself', 'processor: 0\nCPU part: 0xd08\n', 'Ampere\0', 'Ampere'],
    ['nothing', '', null, 'unknown'],
  ])('of %s', (_, cpuinfo, tree, name) => {
    expect(processorModel(cpuinfo, tree)).toBe(name);
  });
});

describe('virtualisation', () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'pilothouse-facts-'));
  });

  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  const detect = async (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    }
    const found = await detectVirtualisation(new HostFiles(root));
    return found && `${found.kind} ${found.name}`;
  };
  const dmi = 'sys/class/dmi/id';

  it.each<[string, Record<string, string>, string | null]>([
    ['bare metal', { [`${dmi}/sys_vendor`]: 'Dell Inc.\n', 'proc/cpuinfo': 'flags\t: fpu sse\n' }, null],
    ['KVM', { [`${dmi}/product_name`]: 'KVM\n', [`${dmi}/sys_vendor`]: 'QEMU\n' }, 'machine kvm'],
    ['VMware', { [`${dmi}/sys_vendor`]: 'VMware, Inc.\n' }, 'machine vmware'],
    [
      'Hyper-V',
      { [`${dmi}/sys_vendor`]: 'Microsoft Corporation\n', [`${dmi}/product_name`]: 'Virtual Machine\n' },
      'machine microsoft',
    ],
    ['a Surface', { [`${dmi}/sys_vendor`]: 'Microsoft Corporation\n', [`${dmi}/product_name`]: 'Surface\n' }, null],
    ['EC2', { [`${dmi}/sys_vendor`]: 'Amazon EC2\n', [`${dmi}/product_name`]: 'm7i.large\n' }, 'machine amazon'],
    ['EC2 metal', { [`${dmi}/sys_vendor`]: 'Amazon EC2\n', [`${dmi}/product_name`]: 'm7i.metal-24xl\n' }, null],
    ['Hetzner', { [`${dmi}/sys_vendor`]: 'Hetzner\n', [`${dmi}/product_name`]: 'vServer\n' }, 'machine kvm'],
    ['a Xen guest', { 'sys/hypervisor/type': 'xen\n' }, 'machine xen'],
    ['a Xen host', { 'sys/hypervisor/type': 'xen\n', 'proc/xen/capabilities': 'control_d\n' }, null],
    ['KVM on ARM', { 'proc/device-tree/hypervisor/compatible': 'linux,kvm\0' }, 'machine kvm'],
    ['an unnamed machine', { 'proc/cpuinfo': 'flags\t: fpu hypervisor sse\n' }, 'machine machine'],
    ['Docker in a machine', { '.dockerenv': '', [`${dmi}/sys_vendor`]: 'QEMU\n' }, 'container docker'],
    ['Podman', { 'run/.containerenv': '' }, 'container podman'],
    ['nspawn', { 'run/systemd/container': 'systemd-nspawn\n' }, 'container systemd-nspawn'],
    ['LXC', { 'proc/1/environ': 'TERM=linux\0container=lxc\0' }, 'container lxc'],
    ['Kubernetes', { 'proc/1/cgroup': '0::/kubepods/besteffort/pod1\n' }, 'container kubernetes'],
    ['WSL', { 'proc/sys/kernel/osrelease': '5.15.90.1-microsoft-standard-WSL2\n' }, 'container wsl'],
    ['OpenVZ', { 'proc/vz/veinfo': '' }, 'container openvz'],
  ])('of %s', async (_, files, expected) => {
    expect(await detect(files)).toBe(expected);
  });
});

describe('automatic tags', () => {
  const tags = (memoryMib: number, cpuCount: number) =>
    automaticTags({
      facts: { architecture: 'x64', memoryMib, cpuCount, systemd: false },
      virtualisation: null,
      ...{ hasGpu: false, hasDocker: false },
    });

  it('turn at their limits', () => {
    expect(tags(HIGH_MEMORY_MIB - 1, MANY_CORES - 1)).toEqual(['x64']);
    expect(tags(HIGH_MEMORY_MIB, MANY_CORES)).toEqual(['x64', 'high-mem', 'many-core']);
  });
});
