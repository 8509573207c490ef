import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitUntil } from '@pilothouse/db/testing';
import type { CliHarness } from './cli-harness.js';

const AGENT = fileURLToPath(new URL('../../../../agent/dist/bundle/pilothouse-agent.cjs', import.meta.url));

/** This machine under a name of the test's, with the built agent on it, added through the operator program. */
export class TestHost {
  private agent: ChildProcess | null = null;

  private constructor(
    readonly name: string,
    readonly serverId: string,
    private readonly directory: string,
  ) {}

  /** @returns once the server is online. */
  static async enrol(
    cli: CliHarness,
    name: string,
    { url, password }: { url: string; password: string },
  ): Promise<TestHost> {
    const directory = await mkdtemp(join(tmpdir(), 'pilothouse-host-'));
    const add = ['server', 'add', name, '--profile', 'full-access', '--tag', 'web', '--password-stdin'];
    const { server, enrolment } = await cli.json(add, password);
    const host = new TestHost(name, server.id, directory);
    const enrol = host.spawn(['enrol', '--url', url, '--pin', enrolment.rootFingerprint]);
    enrol.stdin?.end(enrolment.token);
    const [code] = (await once(enrol, 'exit')) as [number];
    if (code !== 0) throw new Error(`The agent could not be enrolled: exit ${code}`);
    await host.startAgent();
    await host.isOnline(cli);
    return host;
  }

  async startAgent(): Promise<void> {
    this.agent = this.spawn(['run']);
    await once(this.agent, 'spawn');
  }

  /** Asks until the control plane says so. */
  async isOnline(cli: CliHarness): Promise<void> {
    while ((await cli.json(['servers', 'show', this.name])).state !== 'ONLINE');
  }

  async stopAgent(): Promise<void> {
    if (!this.agent) return;
    const ended = once(this.agent, 'exit');
    this.agent.kill('SIGTERM');
    await ended;
    this.agent = null;
  }

  async remove(): Promise<void> {
    await this.stopAgent();
    await waitUntil(async () => !(await this.hasRunner()));
    await rm(this.directory, { recursive: true, force: true });
  }

  /** A runner outlives its agent, and writes until its command has ended. */
  private async hasRunner(): Promise<boolean> {
    const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const lines = processes.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')); // It has ended.
    return (await Promise.all(lines)).some((line) => line.includes(this.directory));
  }

  private spawn(args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [AGENT, ...args], {
      env: {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        PILOTHOUSE_AGENT_STATE_DIRECTORY: join(this.directory, 'state'),
        PILOTHOUSE_AGENT_HOST_POLICY: join(this.directory, 'host-policy.yaml'),
      },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
  }
}
