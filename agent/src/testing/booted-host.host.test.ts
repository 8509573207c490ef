import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BootedHost, canBootHosts } from './booted-host.js';
import { collect } from './built-agent.js';
import { HostNetwork } from './host-network.js';

const script = fileURLToPath(new URL('./booted-host.sh', import.meta.url));

describe.runIf(canBootHosts())('a booted host [needs systemd-nspawn]', () => {
  let shared: string;
  let host: BootedHost | undefined;
  beforeEach(async () => {
    shared = await mkdtemp(join(tmpdir(), 'ph-shared-'));
  });
  afterEach(async () => {
    await host?.cutPower();
    host = undefined;
    await rm(shared, { recursive: true });
  });

  it('runs systemd as its init, and nothing that this machine has enabled', async () => {
    host = await BootedHost.start();
    expect(await host.ask('systemctl', 'is-system-running', '--wait')).toBe('running');
    const units = await host.ask(
      'systemctl',
      'list-units',
      '--type=service',
      '--state=running',
      '--plain',
      '--no-legend',
    );
    const names = units.split('\n').map((line) => line.split(' ')[0] ?? '');
    expect(names.sort()).toEqual(['dbus.service', 'systemd-journald.service', 'systemd-logind.service']);
  });

  it('shares what it was given under the same path, and forgets everything else', async () => {
    await writeFile(join(shared, 'ours'), 'from outside');
    host = await BootedHost.start({ shared: [shared] });
    expect(await host.ask('cat', join(shared, 'ours'))).toBe('from outside');
    await host.ask('touch', join(shared, 'theirs'), '/etc/only-inside');
    expect((await readdir(shared)).sort()).toEqual(['ours', 'theirs']);
    expect(await readdir('/etc')).not.toContain('only-inside');
  });

  it('shuts down in good order, and leaves nothing', async () => {
    host = await BootedHost.start({ shared: [shared] });
    const unit = ['--unit=last-words', `--property=ExecStop=/bin/touch ${join(shared, 'stopped')}`];
    await host.ask('systemd-run', ...unit, 'sleep', '600');
    const loose = host.spawn('sh', ['-c', 'echo up; sleep 600']);
    await once(loose.stdout!, 'data');
    await host.powerOff();
    expect(await readdir(shared)).toEqual(['stopped']);
    expect(leftovers(`ph-host-${process.pid}-`)).toEqual([]);
  });

  it('boots again with what is on its root, as another boot', async () => {
    host = await BootedHost.start();
    await host.ask('touch', '/etc/only-inside');
    const bootId = () => host?.ask('cat', '/proc/sys/kernel/random/boot_id');
    const first = await bootId();
    await host.reboot();
    expect(await host.ask('ls', '/etc/only-inside')).toBe('/etc/only-inside');
    expect(await bootId()).not.toBe(first);
    await host.cutPower();
    expect(leftovers(`ph-host-${process.pid}-`)).toEqual([]);
  });

  it('boots again after its power was cut, with what is on its root and nothing that ran', async () => {
    host = await BootedHost.start();
    await host.ask('touch', '/etc/only-inside');
    await host.ask('systemd-run', '--unit=lasting', 'sleep', '600');
    await host.losePower();
    expect(await host.ask('ls', '/etc/only-inside')).toBe('/etc/only-inside');
    expect((await host.run(['systemctl', 'is-active', 'lasting'])).stdout).toBe('inactive\n');
    await host.losePower();
    await host.cutPower();
    expect(leftovers(`ph-host-${process.pid}-`)).toEqual([]);
  });

  it('has a network of its own, whose cable can be pulled out and put back', async () => {
    const network = HostNetwork.make();
    const server = createServer().listen(0, network.address);
    await once(server, 'listening');
    try {
      const cable = await network.plugIn();
      host = await BootedHost.start({ network: cable });
      const { port } = server.address() as AddressInfo;
      const knock = async () => {
        const script = `exec 3<>/dev/tcp/${network.address}/${port}`;
        return (await host!.run(['timeout', '3', 'bash', '-c', script])).exitCode;
      };
      expect(await host.ask('hostname', '--all-ip-addresses')).toBe(cable.address);
      expect(await knock()).toBe(0);
      cable.pullOut();
      expect(await knock()).not.toBe(0);
      cable.plugIn();
      while ((await knock()) !== 0);
      await host.cutPower();
      host = undefined;
    } finally {
      server.close();
      await network.remove();
    }
    const links = execFileSync('ip', ['-brief', 'link'], { encoding: 'utf8' });
    expect(links.split('\n').filter((line) => line.includes(`-${process.pid % 256}`))).toEqual([]);
  });

  it('loses its power with everything in it, and leaves nothing', async () => {
    host = await BootedHost.start({ shared: [shared] });
    await host.ask('systemd-run', 'sleep', '600');
    host.spawn('sleep', ['600']);
    await host.cutPower();
    expect(leftovers(`ph-host-${process.pid}-`)).toEqual([]);
  });

  it('leaves nothing when whoever started it is killed', async () => {
    const keeper = spawn(process.execPath, ['--eval', keeperProgram, script, 'ph-host-kept']);
    const output = collect(keeper);
    while (!output.stdout.includes('ph-host-kept is up')) await once(keeper.stdout, 'data');
    expect(leftovers('ph-host-kept')).not.toEqual([]);
    keeper.kill('SIGKILL');
    // The last process of the host has closed the standard output that it inherited.
    await once(keeper, 'close');
    expect(leftovers('ph-host-kept')).toEqual([]);
  });

  it.each([
    ['1', 'mount -t tmpfs tmpfs /sys/fs/cgroup'],
    ['2', 'mount -t tmpfs tmpfs /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup'],
  ])('comes up where cgroups are of version %s', (_version, mounts) => {
    const probe = ['--mount', 'sh', '-ec', `${mounts}; exec sh "$1" --probe`, 'sh', script];
    expect(() => execFileSync('unshare', probe)).not.toThrow();
  });

  it('tells why it did not come up', async () => {
    await expect(BootedHost.start({ shared: ['/no/such/directory'] })).rejects.toThrow('/no/such/directory');
    expect(leftovers(`ph-host-${process.pid}-`)).toEqual([]);
  });
});

const keeperProgram = `
  const [script, name] = process.argv.slice(1);
  const argv = ['--mount', '--propagation', 'private', 'sh', script, name];
  require('node:child_process').spawn('unshare', argv, { stdio: ['pipe', 'inherit', 'inherit'], detached: true });
`;

/** Processes, mounts and cgroups that bear a host's name. */
function leftovers(name: string): string[] {
  const list = (program: string, ...argv: string[]) => execFileSync(program, argv, { encoding: 'utf8' }).split('\n');
  const cgroups = list('unshare', '--mount', 'sh', '-c', 'mount -t cgroup2 cgroup2 /mnt && ls /mnt');
  const processes = list('ps', '-e', '-o', 'args,cgroup').filter((line) => !line.includes('--eval'));
  return [...cgroups, ...processes, ...list('mount')].filter((line) => line.includes(name));
}
