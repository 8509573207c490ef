import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '@pilothouse/api/testing';

const SSHD = '/usr/sbin/sshd';
const run = promisify(execFile);

/** An OpenSSH server of our own on loopback, and one connection to it that commands share. */
export class SshServer {
  private constructor(
    private readonly directory: string,
    private readonly daemon: ChildProcess,
    private readonly clientOptions: readonly string[],
  ) {}

  /** Null where OpenSSH is not installed. */
  static async start(): Promise<SshServer | null> {
    if (!(await isThere(SSHD)) || !(await isThere('/usr/bin/ssh'))) return null;
    const directory = await mkdtemp(join(tmpdir(), 'pilothouse-ssh-'));
    const at = (name: string) => join(directory, name);
    for (const key of ['host', 'client']) await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(key)]);
    const port = await freePort();
    const settings = [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${at('host')}`,
      `AuthorizedKeysFile ${at('client.pub')}`,
      `PidFile ${at('pid')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
    ];
    await writeFile(at('sshd_config'), `${settings.join('\n')}\n`);
    if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
    const daemon = spawn(SSHD, ['-D', '-f', at('sshd_config')], { stdio: 'ignore' });
    await listening(port);
    const client = ['-F', 'none', '-i', at('client'), '-p', String(port), '-S', at('control')];
    const trust = ['-o', 'StrictHostKeyChecking=no', '-o', `UserKnownHostsFile=${at('known')}`, '-o', 'LogLevel=ERROR'];
    const ssh = new SshServer(directory, daemon, [...client, ...trust]);
    await run('ssh', [...ssh.clientOptions, '-M', '-N', '-f', '-o', 'ControlPersist=yes', '127.0.0.1']);
    return ssh;
  }

  /** Runs a command over the shared connection. */
  async run(argv: readonly string[]): Promise<void> {
    await run('ssh', [...this.clientOptions, '127.0.0.1', ...argv]);
  }

  async stop(): Promise<void> {
    await run('ssh', [...this.clientOptions, '-O', 'exit', '127.0.0.1']);
    const ended = once(this.daemon, 'exit');
    this.daemon.kill('SIGTERM');
    await ended;
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = createConnection(port, '127.0.0.1');
    const [answer] = await Promise.race([
      once(socket, 'connect').then(() => ['open'] as const),
      once(socket, 'close').then(() => ['closed'] as const),
    ]).catch(() => ['closed'] as const);
    socket.destroy();
    if (answer === 'open') return;
    await delay(20);
  }
}
