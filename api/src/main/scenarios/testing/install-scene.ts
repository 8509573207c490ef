import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { BootedHost, HostNetwork, type Cable, type Finished } from '@pilothouse/agent/testing';
import { readEnvironment } from '../../../kernel/environment.js';
import { Operator, StartedPilothouse } from '../../../testing/index.js';
import { runReleaseCommand } from '../../operator/release-command.js';
import { BUILT_AGENT } from '../../supervisor/programs.js';

/** A server that was added: what its host is given. */
export interface Invitation {
  serverId: string;
  token: string;
  /** The one line, by what fetches the script. */
  curl: string;
  wget: string;
}

export interface InstallHost {
  host: BootedHost;
  cable: Cable;
}

const PATH_DIRECTORIES = '/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin';

/** All of Pilothouse, served by HTTPS with a certificate of its own, in one network with hosts that have no agent yet. */
export class InstallScene {
  private readonly hosts: BootedHost[] = [];

  private constructor(
    readonly network: HostNetwork,
    readonly pilothouse: StartedPilothouse,
    readonly operator: Operator,
    private readonly directory: string,
  ) {}

  static async start(): Promise<InstallScene> {
    const network = HostNetwork.make();
    const environment = { PILOTHOUSE_LISTEN: `${network.address}:0` };
    const pilothouse = await StartedPilothouse.start({ environment });
    const operator = new Operator(pilothouse, await pilothouse.setUp());
    return new InstallScene(network, pilothouse, operator, await mkdtemp(join(tmpdir(), 'pilothouse-install-')));
  }

  async remove(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.cutPower()));
    await this.pilothouse.remove();
    await this.network.remove();
    await rm(this.directory, { recursive: true });
  }

  /** Boots a host with this machine's programs, but for the ones named. */
  async boot({ without = [] }: { without?: readonly string[] } = {}): Promise<InstallHost> {
    const cable = await this.network.plugIn();
    const host = await BootedHost.start({ network: cable });
    this.hosts.push(host);
    // Where this machine has its Node, a host would not take it from; /usr/local is where a person puts one.
    await host.ask('install', '--mode=755', process.execPath, '/usr/local/bin/node');
    const script = `for directory in ${PATH_DIRECTORIES}; do for name; do rm -f "$directory/$name"; done; done`;
    await host.ask('sh', '-c', script, 'sh', ...without);
    return { host, cable };
  }

  async invite(name: string): Promise<Invitation> {
    const { createServer } = await this.operator.ask(
      `mutation ($input: CreateServerInput!) { createServer(input: $input) { ... on ServerEnrolment { server { id } enrolment { token installCommand installCommandWithWget } } ... on Refusal { refusal: message } } }`,
      { input: { name, profile: 'FULL_ACCESS', idempotencyKey: randomUUID() } },
    );
    const { token, installCommand: curl, installCommandWithWget: wget } = createServer.enrolment;
    return { serverId: createServer.server.id, token, curl, wget };
  }

  /** What the host's owner types; root needs no sudo. */
  type(host: BootedHost, line: string, typed = ''): Promise<Finished> {
    return host.run(['sh', '-c', `sudo() { "$@"; }\n${line}`], { stdin: typed });
  }

  /** Releases the agent that is built, or one whose program ends with the given lines. */
  async release({ withNode = false, program = '' } = {}): Promise<void> {
    const [, passphrase = ''] = await this.pilothouse.says(/^Passphrase of the root key: (\S+)$/m);
    const output = new PassThrough();
    const exitCode = await runReleaseCommand({
      args: ['--passphrase-stdin', ...(withNode ? [] : ['--without-node'])],
      readEnvironment: () => readEnvironment({ PILOTHOUSE_STATE_DIR: this.pilothouse.stateDir }),
      agent: { ...BUILT_AGENT, program: await this.changedProgram(program) },
      input: new PassThrough().end(passphrase),
      output,
    });
    if (exitCode !== 0) throw new Error(String(output.read()));
  }

  /** Serves the release before the present one, as it was signed, while `work` is done. */
  async whileFormerIsServed<T>(work: () => Promise<T>): Promise<T> {
    const directory = join(this.pilothouse.stateDir, 'releases');
    const link = join(directory, 'current');
    const present = await readlink(link);
    const [former = ''] = (await readdir(directory)).filter((name) => name !== 'current').sort();
    const pointTo = async (name: string) => {
      await symlink(name, `${link}.new`);
      await rename(`${link}.new`, link);
    };
    await pointTo(former);
    try {
      return await work();
    } finally {
      await pointTo(present);
    }
  }

  private async changedProgram(more: string): Promise<string> {
    const path = join(this.directory, 'pilothouse-agent.cjs');
    await cp(BUILT_AGENT.program, path);
    const [shebang = '', ...rest] = (await readFile(path, 'utf8')).split('\n');
    await writeFile(path, [shebang, more, ...rest].join('\n'));
    return path;
  }
}
