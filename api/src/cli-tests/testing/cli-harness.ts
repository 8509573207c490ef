import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../cli/dist/main/pilothouse.js', import.meta.url));

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The built operator program as a person or script uses it: real processes with a configuration of their own. */
export class CliHarness {
  private readonly running = new Set<ChildProcess>();

  private constructor(
    readonly directory: string,
    public environment: Record<string, string>,
  ) {}

  static async make(environment: Record<string, string> = {}): Promise<CliHarness> {
    const directory = await mkdtemp(join(tmpdir(), 'pilothouse-cli-'));
    return new CliHarness(directory, { XDG_CONFIG_HOME: directory, ...environment });
  }

  get credentialsFile(): string {
    return join(this.directory, 'pilothouse', 'credentials.json');
  }

  /** Starts the program; without `stdin` it has none. */
  start(args: readonly string[], { stdin }: { stdin?: 'pipe' } = {}): RunningCli {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      env: this.environment,
      stdio: [stdin ?? 'ignore', 'pipe', 'pipe'],
    });
    this.running.add(child);
    child.once('exit', () => this.running.delete(child));
    return new RunningCli(child);
  }

  /** Starts the program at a terminal (that of `script`, of util-linux); it says everything on stdout. */
  startAtTerminal(args: readonly string[]): RunningCli {
    const line = [process.execPath, PROGRAM, ...args].join(' ');
    const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
      env: { ...this.environment, PATH: '/usr/bin:/bin', TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.running.add(child);
    child.once('exit', () => this.running.delete(child));
    return new RunningCli(child);
  }

  /** Runs the program to its end. */
  async run(args: readonly string[], stdin?: string | Buffer): Promise<Ended> {
    const running = this.start(args, stdin === undefined ? {} : { stdin: 'pipe' });
    if (stdin !== undefined) running.child.stdin?.end(stdin);
    return running.ended;
  }

  /** The JSON document that the program answers. */
  // The shape is the test's own.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async json(args: readonly string[], stdin?: string): Promise<any> {
    const { code, stdout, stderr } = await this.run([...args, '--json'], stdin);
    if (code !== 0) throw new Error(`The program ended with ${code}: ${stderr}`);
    return JSON.parse(stdout);
  }

  async remove(): Promise<void> {
    const ended = [...this.running].map((child) => once(child, 'exit'));
    for (const child of this.running) child.kill('SIGKILL');
    await Promise.all(ended);
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** A program that runs, and what it has written so far. */
class RunningCli {
  readonly ended: Promise<Ended>;
  private readonly written = { stdout: [] as Buffer[], stderr: [] as Buffer[] };

  constructor(readonly child: ChildProcess) {
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream]?.on('data', (chunk: Buffer) => this.written[stream].push(chunk));
    }
    this.ended = once(child, 'close').then(() => ({
      code: child.exitCode,
      stdout: this.text('stdout'),
      stderr: this.text('stderr'),
    }));
  }

  bytes(stream: 'stdout' | 'stderr'): Buffer {
    return Buffer.concat(this.written[stream]);
  }

  text(stream: 'stdout' | 'stderr'): string {
    return this.bytes(stream).toString('utf8');
  }

  /** Waits until a stream contains a text. @throws when the program ends before. */
  async says(stream: 'stdout' | 'stderr', text: string): Promise<void> {
    while (!this.text(stream).includes(text)) {
      const ended = this.ended.then(({ code, stderr }) => {
        throw new Error(`The program ended with ${code} before it said "${text}": ${stderr}`);
      });
      await Promise.race([once(this.child[stream] as NodeJS.EventEmitter, 'data'), ended]);
    }
  }
}
