import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostVariables } from '../kernel/environment.js';
import { ApiClient } from './api-client.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** How `npm start` begins once everything is built. */
export const BUILT_START = ['--disable-proto=delete', 'api/dist/main/start.js'] as const;

export interface StartOptions {
  /** Arguments for Node, from the root of the clone. */
  program?: readonly string[];
  environment?: Readonly<Record<string, string>>;
}

/**
 * All of Pilothouse as an operator starts it: supervisor, PostgreSQL, api, dashboard and this machine's agent, as
 * processes of their own on a state directory of their own.
 */
export class StartedPilothouse extends ApiClient {
  /** What it has written for the operator since its first start. */
  output = '';
  private process: ChildProcess | null = null;
  private told: (() => void)[] = [];

  private constructor(
    readonly directory: string,
    private readonly options: StartOptions,
  ) {
    super();
  }

  /** Resolves when it says that it is ready. */
  static async start(options: StartOptions = {}): Promise<StartedPilothouse> {
    const directory = await mkdtemp(join(tmpdir(), 'pilothouse-started-'));
    await chmod(directory, 0o711); // As root, PostgreSQL's own account passes through.
    const pilothouse = new StartedPilothouse(directory, options);
    try {
      await pilothouse.startAgain();
    } catch (error) {
      await pilothouse.remove();
      throw error;
    }
    return pilothouse;
  }

  get stateDir(): string {
    return join(this.directory, 'state');
  }

  /** The supervisor's. */
  get pid(): number {
    const pid = this.process?.pid;
    if (pid === undefined) throw new Error('Pilothouse is not running');
    return pid;
  }

  /** Starts it on the state it had; `more` is set besides what it was first started with. */
  async startAgain(more: Readonly<Record<string, string>> = {}): Promise<void> {
    const { program = BUILT_START, environment = {} } = this.options;
    const from = this.output.length;
    const child = spawn(process.execPath, program, {
      cwd: ROOT,
      env: {
        ...hostVariables(),
        PILOTHOUSE_STATE_DIR: this.stateDir,
        PILOTHOUSE_LISTEN: '127.0.0.1:0',
        ...environment,
        ...more,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
        for (const tell of this.told.splice(0)) tell();
      });
    }
    child.once('close', () => {
      for (const tell of this.told.splice(0)) tell();
    });
    this.origin = (await this.says(/^Pilothouse is ready: (\S+)$/m, from))[1] as string;
    if (this.origin.startsWith('https:'))
      this.certificate = await readFile(join(this.stateDir, 'tls/certificate.pem'), 'utf8');
  }

  /** Waits for a line. @throws when it ends without having said it. */
  async says(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output.slice(from));
      if (found) return found;
      if (this.process?.exitCode !== null || this.process.signalCode !== null) {
        throw new Error(`Pilothouse ended and never said ${pattern}:\n${this.output}`);
      }
      await new Promise<void>((resolve) => this.told.push(resolve));
    }
  }

  /** Makes the owner with the set-up code. @returns a token of theirs, just confirmed with the password. */
  async setUp(): Promise<string> {
    const [, code = ''] = await this.says(/^Set-up code: (\S+)$/m);
    return this.stepUp(await this.completeSetup(code));
  }

  /** One of its programs, as the supervisor keeps it on record. */
  async pidOf(name: 'api' | 'agent' | 'dashboard'): Promise<number> {
    const text = await readFile(join(this.stateDir, 'children.json'), 'utf8');
    const child = (JSON.parse(text) as { name: string; pid: number }[]).find((entry) => entry.name === name);
    if (!child) throw new Error(`The ${name} is not running`);
    return child.pid;
  }

  async pidOfDatabase(): Promise<number> {
    const [first = ''] = (await readFile(join(this.stateDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n');
    return Number(first);
  }

  /** Ctrl-C. @returns the exit code. */
  async stop(): Promise<number | null> {
    const { process: child } = this;
    if (!child) return null;
    this.process = null;
    if (child.exitCode === null && child.signalCode === null) {
      const closed = once(child, 'close');
      child.kill('SIGINT');
      await closed;
    }
    return child.exitCode;
  }

  /** Stops it, and leaves nothing behind. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
