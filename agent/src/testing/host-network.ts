import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';

/** In the block that RFC 2544 keeps for tests of networks: no real one is shadowed. */
const FIRST_OCTETS = '198.18';
const ADDRESS = 1;

/** A network of this machine and of hosts beside it, each behind a cable of its own that can be pulled out. */
export class HostNetwork {
  private readonly cables: Cable[] = [];
  private lastAddress = ADDRESS;

  private constructor(private readonly number: number) {}

  static make(): HostNetwork {
    const network = new HostNetwork(process.pid % 256);
    network.removeBridge();
    ip('link', 'add', network.bridge, 'type', 'bridge');
    ip('address', 'add', `${network.address}/24`, 'dev', network.bridge);
    ip('link', 'set', network.bridge, 'up');
    return network;
  }

  /** This machine's, as the hosts reach it. */
  get address(): string {
    return this.addressOf(ADDRESS);
  }

  /** For one more host. */
  async plugIn(): Promise<Cable> {
    const host = ++this.lastAddress;
    const cable = await Cable.lay({
      bridge: this.bridge,
      link: `ph-${this.number}-${host}`,
      address: this.addressOf(host),
    });
    this.cables.push(cable);
    return cable;
  }

  async remove(): Promise<void> {
    await Promise.all(this.cables.map((cable) => cable.remove()));
    this.removeBridge();
  }

  private get bridge(): string {
    return `ph-bridge-${this.number}`;
  }

  private addressOf(host: number): string {
    return `${FIRST_OCTETS}.${this.number}.${host}`;
  }

  /** One that a killed run left is in the way. */
  private removeBridge(): void {
    const links = execFileSync('ip', ['-brief', 'link', 'show', 'type', 'bridge'], { encoding: 'utf8' });
    if (links.split(/\s/).includes(this.bridge)) ip('link', 'delete', this.bridge);
  }
}

interface CableEnds {
  bridge: string;
  link: string;
  address: string;
}

/** What connects one host; its network namespace goes with the process that laid it. */
export class Cable {
  private constructor(
    readonly address: string,
    private readonly link: string,
    private readonly keeper: ChildProcessWithoutNullStreams,
  ) {}

  static async lay({ bridge, link, address }: CableEnds): Promise<Cable> {
    // It says when its namespace is there, and ends with its standard input.
    const keeper = spawn('unshare', ['--net', 'sh', '-c', 'echo made; exec cat'], { stdio: 'pipe', detached: true });
    await once(keeper.stdout, 'data');
    const cable = new Cable(address, link, keeper);
    ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(keeper.pid));
    ip('link', 'set', link, 'master', bridge);
    cable.inside('link', 'set', 'lo', 'up');
    cable.inside('address', 'add', `${address}/24`, 'dev', 'eth0');
    cable.inside('link', 'set', 'eth0', 'up');
    cable.plugIn();
    return cable;
  }

  /** Path of the host's network namespace. */
  get namespace(): string {
    return `/proc/${this.keeper.pid}/ns/net`;
  }

  /** Nothing passes any more, and nobody is told. */
  pullOut(): void {
    ip('link', 'set', this.link, 'down');
  }

  /** Both ends notice a moment later. */
  plugIn(): void {
    ip('link', 'set', this.link, 'up');
  }

  async remove(): Promise<void> {
    ip('link', 'delete', this.link);
    const ended = once(this.keeper, 'exit');
    this.keeper.stdin.end();
    await ended;
  }

  private inside(...argv: string[]): void {
    execFileSync('nsenter', [`--net=${this.namespace}`, 'ip', ...argv]);
  }
}

function ip(...argv: string[]): void {
  execFileSync('ip', argv);
}
