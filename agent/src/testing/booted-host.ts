import {
  execFileSync,
  spawn,
  spawnSync,
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
} from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { collect, type Finished } from './built-agent.js';

const script = fileURLToPath(new URL('../../src/testing/booted-host.sh', import.meta.url));
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
let hosts = 0;

/** Whether this machine can boot hosts: it needs root, and the Debian packages that `scripts/lib/parts.mjs` names. */
export function canBootHosts(): boolean {
  const argv = ['--mount', '--propagation', 'private', 'sh', script, '--probe'];
  return spawnSync('unshare', argv, { stdio: 'ignore' }).status === 0;
}

export interface BootedHostOptions {
  /** Directories of this machine that the host sees under the same paths, and both may write. */
  shared?: readonly string[];
  /** Its own network, in place of this machine's. */
  network?: { readonly namespace: string };
}

/**
 * A second host with a systemd of its own, booted beside this machine in about a second: the same programs, on a root
 * whose changes are forgotten, in the same network.
 *
 * It ends with the process that started it, however that ends, and leaves no process, mount or cgroup behind.
 */
export class BootedHost {
  /** Resolves when nothing is left of the host, whatever ended it. */
  readonly ended: Promise<void>;
  private readonly programs = new Set<ChildProcess>();
  private readonly console: { stdout: string; stderr: string };
  /** The pid of the host's PID 1 as this machine sees it. */
  private leader = '';
  private boots = 0;

  private constructor(
    private readonly container: ChildProcessWithoutNullStreams,
    private readonly name: string,
  ) {
    this.console = collect(container);
    this.ended = exitOf(container);
  }

  /** Resolves when the host has come up. @throws with the console's text when it did not. */
  static async start({ shared = [], network }: BootedHostOptions = {}): Promise<BootedHost> {
    const name = `ph-host-${process.pid}-${++hosts}`;
    const binds = shared.map((path) => `--bind=${path}`);
    const enter = network ? ['nsenter', `--net=${network.namespace}`] : [];
    const [program = '', ...argv] = [
      ...enter,
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      script,
      name,
      ...binds,
    ];
    // In a session of its own, so that an interrupt at the terminal leaves it alive to clean up.
    const container = spawn(program, argv, { stdio: 'pipe', detached: true });
    const host = new BootedHost(container, name);
    await host.nextBoot();
    return host;
  }

  /** Starts a program inside, as root and outside every unit; the caller waits for what it wants to see. */
  spawn(program: string, argv: readonly string[] = [], environment: Record<string, string> = {}): ChildProcess {
    const env = { PATH, LANG: 'C.UTF-8', ...environment };
    const enter = ['--pdeathsig', 'KILL', 'nsenter', '--target', this.leader, '--all', '--', 'env', '--chdir=/'];
    const child = spawn('setpriv', [...enter, program, ...argv], { env });
    this.programs.add(child);
    child.once('exit', () => this.programs.delete(child));
    return child;
  }

  /** Ends a spawned program as by kill -9. */
  async kill(program: ChildProcess): Promise<void> {
    if (this.programs.has(program)) await killInside(program);
  }

  /** Runs a program inside to its end. */
  async run(
    [program = '', ...argv]: readonly string[],
    { stdin = '', environment = {} }: { stdin?: string; environment?: Record<string, string> } = {},
  ): Promise<Finished> {
    const child = this.spawn(program, argv, environment);
    const output = collect(child);
    // A program need not read its input.
    child.stdin?.on('error', () => undefined).end(stdin);
    await once(child, 'close');
    return { exitCode: child.exitCode, ...output };
  }

  /** What a program inside wrote. @throws when it failed. */
  async ask(...argv: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(argv);
    if (exitCode !== 0) throw new Error(`${argv.join(' ')} ended with ${exitCode}: ${stderr}`);
    return stdout.trim();
  }

  /** Paths on its root, without the first slash, that differ from this machine's: changed, made, or gone. */
  changedPaths(): string[] {
    const upper = `/proc/${this.container.pid}/root/run/host/upper`;
    const found = execFileSync('find', [upper, '-mindepth', '1', '-printf', '%y %P\\0'], { encoding: 'utf8' });
    const entries = found
      .split('\0')
      .filter(Boolean)
      .map((entry) => [entry[0], entry.slice(2)] as const);
    return entries.flatMap(([type, path]) => (type === 'd' && existsSync(`/${path}`) ? [] : [path])).sort();
  }

  /** Shuts the host down in good order. What was spawned inside is killed first. */
  async powerOff(): Promise<void> {
    await this.shutDown('poweroff');
    await this.ended;
  }

  /** Shuts the host down in good order and boots it again, with what is on its root. */
  async reboot(): Promise<void> {
    await this.shutDown('reboot');
    await this.nextBoot();
  }

  /** Cuts the power and switches it on again: the host boots with what is on its root. */
  async losePower(): Promise<void> {
    this.container.stdin.write('\n');
    await this.nextBoot();
  }

  /** Cuts the power for good. */
  async cutPower(): Promise<void> {
    this.container.stdin.end();
    await this.ended;
  }

  private async shutDown(how: 'poweroff' | 'reboot'): Promise<void> {
    await Promise.all([...this.programs].map(killInside));
    await this.run(['systemctl', how]);
  }

  private async nextBoot(): Promise<void> {
    const { container, console, name } = this;
    this.boots += 1;
    while (console.stdout.split(`${name} is up`).length <= this.boots) {
      const more = once(container.stdout, 'data').then(() => false);
      if (await Promise.race([more, this.ended.then(() => true)])) {
        throw new Error(`The host did not come up:\n${console.stdout}${console.stderr}`);
      }
    }
    this.leader = leaderOf(container, name);
  }
}

function leaderOf({ pid }: ChildProcess, name: string): string {
  const processes = `/proc/${pid}/root/sys/fs/cgroup/${name}/payload/init.scope/cgroup.procs`;
  const [leader] = readFileSync(processes, 'utf8').split('\n');
  if (!leader) throw new Error(`The host ${name} has no process`);
  return leader;
}

/**
 * A shutdown would stop the program, and nsenter stops itself with it: then nobody reaps the program when it is killed,
 * and its namespace, the host, stays.
 */
async function killInside(nsenter: ChildProcess): Promise<void> {
  const exited = exitOf(nsenter);
  const children = readFileSync(`/proc/${nsenter.pid}/task/${nsenter.pid}/children`, 'utf8').split(' ').filter(Boolean);
  for (const pid of children) process.kill(Number(pid), 'SIGKILL');
  if (children.length === 0) nsenter.kill('SIGKILL');
  await exited;
}

async function exitOf(child: ChildProcess): Promise<void> {
  await once(child, 'exit');
}
