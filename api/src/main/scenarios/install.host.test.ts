import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canBootHosts, collect, type BootedHost } from '@pilothouse/agent/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReleaseStore } from '../../features/releases/index.js';
import { readRootFingerprint } from '../installation/installation.js';
import { InstallScene, type InstallHost, type Invitation } from './testing/install-scene.js';

const ONLINE_WITHIN_SECONDS = 20;

describe.runIf(canBootHosts())('the line that installs the agent [needs systemd-nspawn]', () => {
  let scene: InstallScene;
  let withCurl: InstallHost;
  let withWget: InstallHost;
  let withoutNode: InstallHost;
  let untouched: InstallHost;
  let invitations: Record<'curl' | 'wget' | 'node', Invitation>;

  beforeAll(async () => {
    scene = await InstallScene.start();
    const booting = Promise.all([
      scene.boot({ without: ['wget'] }),
      scene.boot({ without: ['curl'] }),
      scene.boot({ without: ['wget', 'node'] }),
      scene.boot(),
      scene.release({ withNode: true }),
    ]);
    [withCurl, withWget, withoutNode, untouched] = await booting;
    const [curl, wget, node] = [await scene.invite('curl'), await scene.invite('wget'), await scene.invite('node')];
    invitations = { curl, wget, node };
  });
  afterAll(() => scene?.remove());

  const identityOf = ({ host }: InstallHost) => host.ask('sha256sum', '/var/lib/pilothouse-agent/identity.json');
  const releaseOf = ({ host }: InstallHost) => host.ask('readlink', '/opt/pilothouse-agent/current');

  async function runs(serverId: string, argv: string[]): Promise<string> {
    const id = await scene.operator.run(serverId, { argv }, { whenOffline: 'DELIVER' });
    expect(await scene.operator.finished(id)).toMatchObject({ state: 'SUCCEEDED' });
    return scene.operator.output(id);
  }

  it('brings it online on hosts with curl, with wget, and without Node, and commands run there', async () => {
    const lines = [
      [withCurl, invitations.curl, invitations.curl.curl],
      // Not every host's sh is the same.
      [withWget, invitations.wget, invitations.wget.wget.replace('sh -c', 'busybox sh -c')],
      [withoutNode, invitations.node, invitations.node.curl],
    ] as const;
    await Promise.all(
      lines.map(async ([{ host, cable }, { token, serverId }, line]) => {
        const { exitCode, stdout, stderr } = await scene.type(host, line, `${token}\n`);
        expect([exitCode, stderr]).toEqual([0, '']);
        expect(stdout).toContain('It runs as root, because');
        expect(Number(/^Online after (\d+) s$/m.exec(stdout)?.[1])).toBeLessThanOrEqual(ONLINE_WITHIN_SECONDS);
        expect(await runs(serverId, ['hostname', '--all-ip-addresses'])).toBe(`${cable.address} \n`);
        expect(await host.ask('systemctl', 'is-enabled', 'pilothouse-agent')).toBe('enabled');
      }),
    );
    expect(await withoutNode.host.ask('readlink', '-f', '/opt/pilothouse-agent/current/node')).toMatch(/-node\/node$/);
  });

  it('given again changes nothing, asks for no token, and keeps the identity', async () => {
    const before = [await identityOf(withCurl), pathsOn(withCurl.host)];
    const { exitCode, stdout } = await scene.type(withCurl.host, invitations.curl.curl);
    expect([exitCode, stdout]).toEqual([0, 'Nothing to do: this release is installed and online.\n']);
    expect([await identityOf(withCurl), pathsOn(withCurl.host)]).toEqual(before);
  });

  it('comes back after a kill -9, a reboot and a cut of the power', async () => {
    await Promise.all([
      withCurl.host.ask('systemctl', 'kill', '--kill-who=main', '--signal=SIGKILL', 'pilothouse-agent'),
      withWget.host.reboot(),
      withoutNode.host.losePower(),
    ]);
    for (const { serverId } of Object.values(invitations)) {
      const id = await scene.operator.run(serverId, { argv: ['true'] }, { whenOffline: 'DELIVER' });
      expect(await scene.operator.finished(id)).toMatchObject({ state: 'SUCCEEDED' });
    }
  });

  it('brings a newer release, and what runs meanwhile goes on', async () => {
    const { serverId, curl } = invitations.curl;
    const before = [await identityOf(withCurl), await releaseOf(withCurl)];
    const running = await scene.operator.run(serverId, {
      argv: ['sh', '-c', 'until [ -e /root/go ]; do sleep 0.1; done'],
    });
    await scene.release({ program: '// newer' });
    const { exitCode, stdout } = await scene.type(withCurl.host, curl);
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^Online after \d+ s$/m)]);
    await withCurl.host.ask('touch', '/root/go');
    expect(await scene.operator.finished(running)).toMatchObject({ state: 'SUCCEEDED' });
    expect(await identityOf(withCurl)).toBe(before[0]);
    expect(await releaseOf(withCurl)).not.toBe(before[1]);
    const kept = (await withCurl.host.ask('ls', '/opt/pilothouse-agent')).split('\n');
    expect(new Set(kept)).toEqual(new Set([before[1], await releaseOf(withCurl), 'current']));
  });

  it('refuses a release that is older than the installed one, whoever signed it', async () => {
    const before = [await releaseOf(withCurl), pathsOn(withCurl.host)];
    const older = await scene.whileFormerIsServed(() => scene.type(withCurl.host, invitations.curl.curl));
    expect([older.exitCode, older.stderr]).toEqual([
      1,
      expect.stringContaining('older than the one that is installed'),
    ]);
    expect([await releaseOf(withCurl), pathsOn(withCurl.host)]).toEqual(before);
  });

  it('goes back to the former release when the newer one does not run', async () => {
    const { serverId, wget } = invitations.wget;
    const before = [await identityOf(withWget), await releaseOf(withWget), pathsOn(withWget.host)];
    await scene.release({ program: 'process.exit(3);' });
    const { exitCode, stderr } = await scene.type(withWget.host, wget);
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/\nNothing was changed on this host\.\n$/)]);
    expect([await identityOf(withWget), await releaseOf(withWget), pathsOn(withWget.host)]).toEqual(before);
    expect(await runs(serverId, ['echo', 'still here'])).toBe('still here\n');
    await scene.release();
  });

  it('tries everything and changes nothing in a dry run', async () => {
    const before = await everythingOn(untouched.host);
    const { exitCode, stdout } = await scene.type(untouched.host, `${invitations.curl.curl} --dry-run`);
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/signed by the pinned root key\n[^]*dry run\.\n$/)]);
    expect(await everythingOn(untouched.host)).toEqual(before);
  });

  it('asks for the token at a terminal without showing it, and --uninstall leaves nothing behind', async () => {
    const { token, curl, serverId } = await scene.invite('short-lived');
    const { host } = untouched;
    const before = await everythingOn(host);
    const line = curl.replace('sudo ', '');
    const terminal = host.spawn('script', ['--quiet', '--return', '--command', line, '/dev/null']);
    const shown = collect(terminal);
    while (!shown.stdout.includes('Enrolment token: ')) await once(terminal.stdout!, 'data');
    terminal.stdin?.end(`${token}\n`);
    expect(await once(terminal, 'close')).toEqual([0, null]);
    expect(shown.stdout).toContain('Online after');
    expect(shown.stdout).not.toContain(token);
    await scene.operator.untilState(serverId, 'ONLINE');
    const uninstall = ['sh', '/opt/pilothouse-agent/current/install.sh', '--uninstall'];
    expect(await host.run(uninstall)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await everythingOn(host)).toEqual(before);
  });

  describe('leaves nothing behind and says why', () => {
    /** Gives the line on the host that has nothing of the agent, which must be as it was. */
    async function refused(line: string, token: string): Promise<string> {
      const before = await everythingOn(untouched.host);
      const { exitCode, stdout, stderr } = await scene.type(untouched.host, line, `${token}\n`);
      expect([exitCode, stdout.includes('Online')]).toEqual([1, false]);
      expect(stderr).toMatch(/Nothing was changed on this host\.\n$/);
      expect(await everythingOn(untouched.host)).toEqual(before);
      return stderr;
    }

    /** The line in a mount namespace of its own, where something is missing. */
    const where = (mounts: string, line: string) =>
      `unshare --mount sh -ec ${quoted(`sudo() { "$@"; }; ${mounts}; ${line}`)}`;

    it('where a file of the release was tampered with', async () => {
      const { token, curl } = await scene.invite('tampered');
      const store = new ReleaseStore(
        join(scene.pilothouse.stateDir, 'releases'),
        await readRootFingerprint(scene.pilothouse.stateDir),
      );
      const { directory, release } = (await store.current())!;
      const path = join(directory, release.files[0]!.name);
      const genuine = await readFile(path);
      await writeFile(path, Buffer.concat([genuine.subarray(0, -1), Buffer.from([genuine.at(-1)! ^ 1])]));
      expect(await refused(curl, token)).toContain('did not arrive as it was released: its SHA-256 is another one');
      await writeFile(path, genuine);
    });

    it('where another root key is pinned', async () => {
      const { token, curl } = await scene.invite('wrong-pin');
      const line = curl.replace(/--pin \w{8}/, '--pin 00000000');
      expect(await refused(line, token)).toContain('The release is not what the pinned root key has signed');
    });

    it.each(['curl', 'wget'] as const)('where another TLS key is pinned, with %s', async (downloader) => {
      const { token, [downloader]: line } = await scene.invite(`wrong-tls-pin-${downloader}`);
      const wrong = line.replace(/--tls-pin sha256\/\/.{4}/, '--tls-pin sha256//0000');
      const hidden = downloader === 'wget' ? where('mount --bind /dev/null /usr/bin/curl', wrong) : wrong;
      expect(await refused(hidden, token)).toContain('shows another TLS key than the pinned one');
    });

    it('where the token was spent or has expired', async () => {
      const { curl } = invitations.curl;
      expect(await refused(curl, invitations.curl.token)).toContain('is unknown, already used or expired');
      expect(await refused(curl, 'phe_short')).toContain('This is no enrolment token');
    });

    it('where there is no systemd', async () => {
      const { token, curl } = await scene.invite('no-systemd');
      const line = where('mount -t tmpfs tmpfs /run/systemd', curl);
      expect(await refused(line, token)).toContain('needs systemd, which does not run on this host');
    });

    it('where the disk is full', async () => {
      const { token, curl } = await scene.invite('full');
      const small = where('mount -t tmpfs -o size=4m tmpfs /opt', curl);
      expect(await refused(small, token)).toContain('not enough room in /opt: 8 MiB are needed, 4 MiB are free');
      const noInodes = where('mount -t tmpfs -o size=20m,nr_inodes=10 tmpfs /opt', curl);
      expect(await refused(noInodes, token)).toContain('is there room left in /opt/pilothouse-agent?');
    });

    it('where Node is missing and none is released', async () => {
      const { token, curl } = await scene.invite('no-node-released');
      const line = where('for node in /usr/bin/node /usr/local/bin/node; do mount --bind /dev/null $node; done', curl);
      expect(await refused(line, token)).toContain('Node 20.19 or newer is missing on this host');
    });

    it('where others than root can put another Node in place of the only one, and none is released', async () => {
      const { token, curl } = await scene.invite('open-node');
      const place = 'mount -t tmpfs -o mode=777 tmpfs /usr/local/bin; mv /run/node /usr/local/bin/node';
      const line = where(`cp "$(readlink -f "$(command -v node)")" /run/node; ${place}`, curl);
      expect(await refused(line, token)).toContain('Node 20.19 or newer is missing on this host');
    });

    it('where Node is missing and the script is not the one that the control plane gives', async () => {
      const { token, curl } = await scene.invite('raw-script');
      const names = await readdir(join(scene.pilothouse.stateDir, 'releases/current'));
      const raw = curl.replace('/install.sh', `/releases/${names.find((name) => name.endsWith('.sh'))}`);
      const line = where('for node in /usr/bin/node /usr/local/bin/node; do mount --bind /dev/null $node; done', raw);
      expect(await refused(line, token)).toContain('/install.sh gives can bring one');
    });
  });
});

/** What differs from a host that was never touched, but for the journal and what an agent at work writes. */
function pathsOn(host: BootedHost): string[] {
  return host.changedPaths().filter((path) => !/^var\/(log|tmp|lib\/pilothouse-agent\/.)/.test(path));
}

/** What is there beside what every host has: paths on its root and in /run, units, accounts. */
async function everythingOn(host: BootedHost): Promise<string[]> {
  const ask = async (...argv: string[]) => (await host.ask(...argv)).split('\n');
  const lists = await Promise.all([
    ask('find', '/run', '/tmp', '/dev/shm', '-not', '-path', '/run/systemd/*', '-not', '-path', '/run/log/*'),
    ask('systemctl', 'list-units', '--all', '--no-legend', 'pilothouse*', 'ph-*'),
    ask('getent', 'passwd'),
  ]);
  return [...pathsOn(host), ...lists.flat().sort()];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
