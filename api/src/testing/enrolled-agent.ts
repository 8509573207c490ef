import { randomUUID } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostVariables } from '../kernel/environment.js';
import type { Operator } from './operator.js';

const AGENT = fileURLToPath(new URL('../../../agent/dist/bundle/pilothouse-agent.cjs', import.meta.url));

/** The built agent as a process of its own, enrolled as a server of its own. */
export class EnrolledAgent {
  private process: ChildProcess | null = null;

  private constructor(
    readonly serverId: string,
    readonly directory: string,
  ) {}

  /** Adds the server, enrols, as `settings` say too, and starts its agent. */
  static async start(
    operator: Operator,
    name: string,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<EnrolledAgent> {
    const { createServer } = await operator.ask(
      `mutation ($input: CreateServerInput!) { createServer(input: $input) { ... on ServerEnrolment { server { id } enrolment { token rootFingerprint } } ... on Refusal { refusal: message } } }`,
      { input: { name, profile: 'FULL_ACCESS', idempotencyKey: randomUUID() } },
    );
    const { server, enrolment } = createServer;
    const agent = new EnrolledAgent(server.id, await mkdtemp(join(tmpdir(), 'pilothouse-agent-')));
    const place = ['--url', operator.api.origin, '--pin', enrolment.rootFingerprint];
    const enrol = agent.spawn(['enrol', ...place], settings);
    enrol.stdin?.end(enrolment.token);
    const [code] = (await once(enrol, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`The agent could not enrol: exit code ${code}`);
    agent.startAgain();
    return agent;
  }

  get pid(): number {
    const pid = this.process?.pid;
    if (pid === undefined) throw new Error('The agent is not running');
    return pid;
  }

  /** `settings` by name: `{ URL: … }` is `PILOTHOUSE_AGENT_URL`. */
  startAgain(settings: Readonly<Record<string, string>> = {}): void {
    this.process = this.spawn(['run'], settings);
  }

  /** Ends its process, gently or by force; what it runs is not the agent's process and goes on after SIGKILL. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { process: child } = this;
    this.process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    if (signal === 'SIGTERM') child.kill('SIGCONT');
    await exited;
  }

  async remove(): Promise<void> {
    await this.end('SIGTERM');
    await rm(this.directory, { recursive: true, force: true });
  }

  private spawn(args: readonly string[], settings: Readonly<Record<string, string>> = {}): ChildProcess {
    const variables = Object.entries({ ...settings, STATE_DIRECTORY: this.directory });
    return spawn(process.execPath, [AGENT, ...args], {
      env: {
        ...hostVariables(),
        ...Object.fromEntries(variables.map(([name, value]) => [`PILOTHOUSE_AGENT_${name}`, value])),
      },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
  }
}
