import { execFile, execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from 'node:https';
import { promisify } from 'node:util';
import { HostNetwork } from '@pilothouse/agent/testing';
import { ApiClient, eventually } from '../../../../testing/index.js';
import { bringCompose } from './compose-plugin.js';
import { DockerEngine } from './docker-engine.js';
import { makeStandIns } from './stand-in-images.js';

const ROOT = fileURLToPath(new URL('../../../../../../', import.meta.url));
const TARGETS = ['control-plane', 'dashboard', 'proxy'] as const;
const NOT_COPIED = /\/(node_modules|dist|\.next|\.git|\.pilothouse|coverage|test-results)$/;

/** A container as Docker describes it. */
export interface Inspected {
  Name: string;
  State: { Status: string; ExitCode: number; Health?: { Status: string }; Pid: number; StartedAt: string };
  Config: { Env: string[]; Cmd: string[] | null };
}

/** All of docker-compose.yml on an engine in a network of its own, reached at the address of that network. */
export class ComposedPilothouse extends ApiClient {
  private engine!: DockerEngine;

  private constructor(
    private readonly directory: string,
    private readonly network: HostNetwork,
    private readonly cable: Awaited<ReturnType<HostNetwork['plugIn']>>,
  ) {
    super();
    this.origin = `https://${cable.address}`;
  }

  /** Builds the images, which takes minutes. */
  static async build(): Promise<ComposedPilothouse> {
    const network = HostNetwork.make();
    const directory = await mkdtemp(join(tmpdir(), 'pilothouse-composed-'));
    const composed = new ComposedPilothouse(directory, network, await network.plugIn());
    try {
      await composed.makeImages();
    } catch (error) {
      await composed.remove();
      throw error;
    }
    return composed;
  }

  /** `docker compose`, in the clone. */
  compose(...argv: readonly string[]): Promise<string> {
    return this.engine.command(['compose', '--ansi', 'never', '--progress', 'plain', ...argv], this.clone);
  }

  docker(...argv: readonly string[]): Promise<string> {
    return this.engine.docker(...argv);
  }

  /** A program of the clone's own scripts. */
  async script(...argv: readonly string[]): Promise<void> {
    await promisify(execFile)(process.execPath, argv, { cwd: this.clone });
  }

  /** Makes secrets and settings for the address of the network. */
  init(): Promise<void> {
    return this.script('scripts/compose-init.mjs', '--domain', this.cable.address);
  }

  secret(name: string): Promise<string> {
    return readFile(join(this.clone, 'secrets', name), 'utf8');
  }

  async trustCertificate(): Promise<void> {
    this.certificate = await this.compose('exec', '-T', 'proxy', 'cat', '/certificate/certificate.pem');
  }

  async inspect(): Promise<Inspected[]> {
    const ids = (await this.compose('ps', '--all', '--quiet')).trim().split('\n');
    return JSON.parse(await this.docker('inspect', ...ids)) as Inspected[];
  }

  get certificateFingerprint(): string {
    return new X509Certificate(this.certificate ?? '').fingerprint256.replaceAll(':', '').toLowerCase();
  }

  /** This machine's, as the proxy sees it. */
  get outsideAddress(): string {
    return this.network.address;
  }

  /** Has one replica run a command on a server, past the proxy. @returns the command's id */
  async runAt(container: string, token: string, serverId: string): Promise<string> {
    const input = { serverId, command: { argv: ['true'] }, idempotencyKey: `at-${container}` };
    const query = 'mutation ($input: RunCommandInput!) { runCommand(input: $input) { ... on Command { id } } }';
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const options = { method: 'POST', headers, body: JSON.stringify({ query, variables: { input } }) };
    const ask = `fetch('http://127.0.0.1:7700/graphql', ${JSON.stringify(options)}).then((answer) => answer.text()).then(console.log)`;
    const answer = await this.docker('exec', container, 'node', '--eval', ask);
    return (JSON.parse(answer) as { data: { runCommand: { id: string } } }).data.runCommand.id;
  }

  /** Status of a page that is asked for from outside. */
  statusOf(path: string): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const sent = request(`${this.origin}${path}`, { ca: this.certificate ?? '', agent: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.on('error', reject).end();
    });
  }

  /** Asks the database as its superuser, from the container of a replica. @returns the rows as JSON */
  async sql(query: string): Promise<string> {
    const url = await this.secret('database-url');
    const ask = `const { Client } = require('pg'); const client = new Client('${url}');
      client.connect().then(() => client.query(${JSON.stringify(query)})).then(({ rows }) => { console.log(JSON.stringify(rows)); return client.end(); });`;
    return this.docker('exec', 'pilothouse-api-1', 'node', '--eval', ask);
  }

  /** What every running container uses, and may use. */
  async memoryMib(): Promise<{ name: string; usedMib: number; limitMib: number }[]> {
    const lines = await this.docker('stats', '--no-stream', '--format', '{{.Name}} {{.MemUsage}}');
    return lines
      .trim()
      .split('\n')
      .map((line) => {
        const [name = '', used = '', , limit = ''] = line.split(' ');
        return { name, usedMib: inMib(used), limitMib: inMib(limit) };
      });
  }

  async stateOf(container: string): Promise<Inspected['State']> {
    const [found] = JSON.parse(await this.docker('inspect', container)) as Inspected[];
    if (!found) throw new Error(`There is no container ${container}`);
    return found.State;
  }

  /** Kills what runs in a container, as if it had died of itself, and waits until Docker has started it again. */
  async killAndAwait(container: string): Promise<void> {
    const before = await this.stateOf(container);
    process.kill(before.Pid, 'SIGKILL');
    await eventually(async () => {
      const now = await this.stateOf(container);
      return now.StartedAt !== before.StartedAt && now.Status === 'running' && now.Health?.Status === 'healthy'
        ? true
        : null;
    });
  }

  async remove(): Promise<void> {
    await this.compose('--profile', 'install', 'down', '--volumes', '--timeout', '5').catch(() => undefined); // perhaps never up
    await this.engine?.stop();
    await this.network.remove();
    await rm(this.directory, { recursive: true, force: true });
  }

  private get clone(): string {
    return join(this.directory, 'clone');
  }

  private async makeImages(): Promise<void> {
    const { directory } = this;
    await mkdir(this.clone);
    await cp(ROOT, this.clone, { recursive: true, filter: (path) => !NOT_COPIED.test(path) });
    await bringCompose(directory);
    // With this machine's network, for npm; afterwards the containers have one of their own.
    this.engine = await DockerEngine.start({ directory, namespace: null });
    await makeStandIns(this.engine, await this.imageNames(), directory);
    for (const target of TARGETS) {
      const tag = `pilothouse/${target}:local`;
      await this.engine.command([
        'build',
        '--network=host',
        '--quiet',
        `--target=${target}`,
        `--tag=${tag}`,
        this.clone,
      ]);
    }
    await this.engine.stop();
    this.engine = await DockerEngine.start({ directory, namespace: this.cable.namespace });
  }

  private async imageNames() {
    const text = `${await readFile(join(ROOT, 'Dockerfile'), 'utf8')}${await readFile(join(ROOT, 'docker-compose.yml'), 'utf8')}`;
    const named = (name: string) => new RegExp(`${name}:\\d\\S+`).exec(text)?.[0] ?? name;
    return {
      node: named('node'),
      caddy: named('caddy'),
      redis: named('redis'),
      timescaledb: named('timescale/timescaledb'),
    };
  }
}

/** Of what `docker stats` writes: `71.29MiB`. */
function inMib(text: string): number {
  return parseFloat(text) * (text.endsWith('GiB') ? 1024 : text.endsWith('KiB') ? 1 / 1024 : 1);
}

/** Whether what the composition is tested with is here: an engine of its own, networks, the programs of the stand-ins. */
export function canComposeHere(): boolean {
  if (process.getuid?.() !== 0 || !existsSync('/usr/lib/postgresql')) return false;
  const programs = ['docker', 'dockerd', 'iptables', 'ip', 'nsenter', 'caddy', 'redis-server', 'wget', 'dpkg-deb'];
  try {
    execFileSync('sh', ['-c', 'for program; do command -v "$program" || exit 1; done', 'sh', ...programs], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false; // The question is yes or no.
  }
}
