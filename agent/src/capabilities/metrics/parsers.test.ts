import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDisks } from './disks.parser.js';
import { isInternalInterface, parseInterfaces } from './interfaces.parser.js';
import { parseLoad } from './load.parser.js';
import { parseMemory } from './memory.parser.js';
import { parseMounts } from './mounts.parser.js';
import { parsePressure } from './pressure.parser.js';
import { parseProcessors } from './processor.parser.js';

describe('processors', () => {
  it('adds up the eight columns and leaves guests out, which user time holds already', () => {
    const reading = parseProcessors('cpu  1 2 3 4 5 6 7 8 100 100\ncpu12 1 0 0 9 0 0 0 0 0 0\nbtime 1795225908\n');
    expect(reading?.total).toEqual({ idleTicks: 4, iowaitTicks: 5, stealTicks: 8, totalTicks: 36 });
    expect([...reading!.cores.keys()]).toEqual(['12']);
    expect(reading?.bootTimeSeconds).toBe(1795225908);
  });

  it('reads kernels that end before steal time', () => {
    expect(parseProcessors('cpu 1 2 3 4 5\n')?.total).toEqual({
      idleTicks: 4,
      iowaitTicks: 5,
      stealTicks: 0,
      totalTicks: 15,
    });
  });

  it('is null without a processor line', () => {
    expect(parseProcessors('intr 1 2 3\n')).toBeNull();
  });
});

describe('memory', () => {
  it('takes MemAvailable where the kernel tells it', () => {
    const text = 'MemTotal: 100 kB\nMemFree: 10 kB\nMemAvailable: 60 kB\nSwapTotal: 8 kB\nSwapFree: 3 kB\n';
    expect(parseMemory(text)).toEqual({
      totalBytes: 102_400,
      availableBytes: 61_440,
      swapTotalBytes: 8192,
      swapFreeBytes: 3072,
    });
  });

  it('puts free memory, buffers and cache in its place on old kernels', () => {
    const text = 'MemTotal: 100 kB\nMemFree: 10 kB\nBuffers: 5 kB\nCached: 20 kB\n';
    expect(parseMemory(text).availableBytes).toBe(35 * 1024);
  });
});

describe('mounts', () => {
  const paths = (text: string) => parseMounts(text).map((mount) => mount.path);

  it('counts a device once, under the shortest path of the whole file system', () => {
    const text = [
      '30 27 8:1 /srv /a rw - ext4 /dev/sda1 rw',
      '27 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw',
      '31 27 8:1 / /mnt/again rw shared:1 master:2 - ext4 /dev/sda1 rw',
    ].join('\n');
    expect(paths(text)).toEqual(['/']);
  });

  it('undoes the escapes of blanks, tabs and backslashes in names', () => {
    expect(paths('1 0 8:2 / /mnt/my\\040big\\011disk\\134x rw - xfs /dev/sdb1 rw')).toEqual(['/mnt/my big\tdisk\\x']);
  });

  it('leaves out what keeps no data: tmpfs, images, loop devices, other FUSE, overlays of containers', () => {
    const text = [
      '1 0 0:5 / /run rw - tmpfs tmpfs rw',
      '2 0 7:0 / /snap/core ro - squashfs /dev/loop0 ro',
      '3 0 7:1 / /mnt/image rw - ext4 /dev/loop1 rw',
      '4 0 0:6 / /mnt/ssh rw - fuse.sshfs me@there: rw',
      '5 0 0:7 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw',
      '6 0 8:5 / /mnt/stick rw - fuseblk /dev/sdc1 rw',
    ].join('\n');
    expect(paths(text)).toEqual(['/mnt/stick']);
  });

  it('knows network file systems, pools and the overlay that is a container’s root', () => {
    const text = [
      '1 0 0:50 / / rw - overlay overlay rw',
      '2 1 8:1 /var/lib/docker/containers/x/hosts /etc/hosts rw - ext4 /dev/sda1 rw',
      '3 1 0:51 / /tank rw - zfs tank rw',
      '4 1 0:52 /export /nas rw - nfs4 nas:/export rw',
    ].join('\n');
    expect(parseMounts(text)).toEqual([
      { path: '/', type: 'overlay', reach: 'local' },
      { path: '/tank', type: 'zfs', reach: 'local' },
    ]);
    expect(parseMounts(text.replace('/export /nas', '/ /nas')).at(-1)).toEqual({
      path: '/nas',
      type: 'nfs4',
      reach: 'network',
    });
  });

  it('lets a later mount on the same path hide the earlier one', () => {
    const text = '1 0 8:1 / /data rw - ext4 /dev/sda1 rw\n2 1 0:9 / /data rw - tmpfs tmpfs rw\n';
    expect(paths(text)).toEqual([]);
  });
});

describe('disks and interfaces', () => {
  it('counts 512 bytes a sector', () => {
    const line = ' 259 0 nvme0n1 5 0 20 9 8 0 40 12 0 150 210 0 0 0 0 0 0';
    expect(parseDisks(line).get('nvme0n1')).toEqual({ readBytes: 10_240, writtenBytes: 20_480, busyMs: 150 });
  });

  it('reads an alias whose name holds a colon, and counters that touch the colon', () => {
    const text = 'h\nh\neth0:1:5 0 0 0 0 0 0 0 7 0 0 0 0 0 0 0\n';
    expect(parseInterfaces(text).get('eth0:1')).toEqual({ rxBytes: 5, txBytes: 7 });
  });

  it.each(['lo', 'veth1a2b3c', 'docker0', 'docker_gwbridge', 'br-0123456789ab', 'cni0'])(
    'takes %s for internal',
    (name) => expect(isInternalInterface(name)).toBe(true),
  );

  it.each(['eth0', 'enp3s0', 'br0', 'br-lan', 'wg0', 'tailscale0', 'bond0', 'low0'])('shows %s', (name) =>
    expect(isInternalInterface(name)).toBe(false),
  );
});

it('reads load and pressure, and knows when there is none', () => {
  expect(parseLoad('0.42 0.21 0.07 1/89 6829\n')).toEqual([0.42, 0.21, 0.07]);
  expect(parsePressure('some avg10=23.84 avg60=1 avg300=1 total=9\nfull avg10=0.00 avg60=0 avg300=0 total=0\n')).toBe(
    23.84,
  );
  expect(parsePressure(null)).toBeNull();
  expect(parsePressure('')).toBeNull();
});

it('never throws on any text', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('cpu', 'cpu0 x', 'MemTotal: y kB', '1 0 8:1 / / rw - ext4', 'eth0:'),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = lines.join('\n');
      for (const parse of [parseProcessors, parseMemory, parseMounts, parseDisks, parseInterfaces, parseLoad])
        parse(text);
      parsePressure(text);
    }),
  );
});
