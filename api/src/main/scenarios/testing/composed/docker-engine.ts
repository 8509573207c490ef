import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hostVariables } from '../../../../kernel/environment.js';
import { eventually } from '../../../../testing/index.js';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface EngineOptions {
  /** Holds all that it keeps, and the plug-in for `docker compose`. */
  directory: string;
  /** Path of the network namespace that it works in; null: this machine's, without any network for containers. */
  namespace: string | null;
}

/** A Docker engine beside whatever this machine runs; it ends with the process that has started it. */
export class DockerEngine {
  private constructor(
    private readonly directory: string,
    private readonly daemon: ChildProcess,
  ) {}

  static async start({ directory, namespace }: EngineOptions): Promise<DockerEngine> {
    await mkdir(join(directory, 'engine'), { recursive: true });
    const place = (name: string) => join(directory, 'engine', name);
    const [program = '', ...argv] = [
      ...(namespace === null ? [] : ['nsenter', `--net=${namespace}`]),
      ...['setpriv', '--pdeathsig', 'TERM', 'dockerd', '--host', `unix://${place('docker.sock')}`],
      ...['--data-root', place('data'), '--exec-root', place('exec'), '--pidfile', place('pid')],
      ...(namespace === null ? ['--bridge=none', '--iptables=false', '--ip-forward=false'] : ['--bip=172.30.255.1/24']),
    ];
    const daemon = spawn(program, argv, { stdio: 'ignore' });
    const engine = new DockerEngine(directory, daemon);
    await eventually(async () => {
      if (daemon.exitCode !== null) throw new Error(`dockerd ended with ${daemon.exitCode}`);
      return engine.docker('info').then(
        () => true,
        () => null,
      );
    });
    return engine;
  }

  /** @returns what it writes. @throws with what it writes on standard error when it fails */
  docker(...argv: readonly string[]): Promise<string> {
    return this.command(argv);
  }

  async command(argv: readonly string[], cwd = this.directory): Promise<string> {
    const { stdout } = await run('docker', argv, { cwd, env: this.variables, maxBuffer: MAX_OUTPUT_BYTES });
    return stdout;
  }

  /** What one of its images, named, is made of: a root that `image-tree.sh` writes. */
  async importTree(
    name: string,
    { changes = [], paths }: { changes?: string[]; paths: readonly string[] },
  ): Promise<void> {
    const tree = join(import.meta.dirname, 'image-tree.sh');
    const archive = join(this.directory, 'tree.tar');
    await run('sh', ['-c', 'archive=$1; shift; exec sh "$@" >"$archive"', 'sh', archive, tree, ...paths]);
    await this.docker('import', ...changes.flatMap((change) => ['--change', change]), archive, name);
    await rm(archive);
  }

  async stop(): Promise<void> {
    const ended = once(this.daemon, 'exit');
    this.daemon.kill('SIGTERM');
    await ended;
    // Its own namespace of networks stays mounted after it, but not always.
    for (const mount of (await mountsBelow(this.directory)).toReversed()) await run('umount', [mount]);
  }

  private get variables(): Record<string, string> {
    return {
      ...hostVariables(),
      DOCKER_HOST: `unix://${join(this.directory, 'engine/docker.sock')}`,
      DOCKER_CONFIG: this.directory,
      // The builder that every engine has; the other one is a plug-in of its own.
      DOCKER_BUILDKIT: '0',
    };
  }
}

/** Paths of what is mounted below a directory, in the order of mounting. */
async function mountsBelow(directory: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mounts', 'utf8')).split('\n');
  return lines.map((line) => line.split(' ')[1] ?? '').filter((path) => path.startsWith(`${directory}/`));
}
