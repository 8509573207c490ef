import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface Finished {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** From TypeScript in tests, from what the compiler made of it elsewhere. */
function sourceOf(program: string): string {
  return fileURLToPath(new URL(`../main/${program}${extname(import.meta.url)}`, import.meta.url));
}

/** The agent as it is shipped, two bundles side by side, run as real processes on a state directory of its own. */
export class BuiltAgent {
  private readonly running = new Set<ChildProcess>();

  private constructor(
    readonly directory: string,
    readonly settings: Record<string, string> & { STATE_DIRECTORY: string },
    private readonly program = join(directory, 'pilothouse-agent.cjs'),
  ) {}

  get stateDirectory(): string {
    return this.settings.STATE_DIRECTORY;
  }

  /** How it is started, the words for it to follow. */
  get argv(): string[] {
    return [process.execPath, this.program];
  }

  /** The variables that carry its settings. */
  environment(settings: Record<string, string> = {}): Record<string, string> {
    const variables = Object.entries({ ...this.settings, ...settings });
    return Object.fromEntries(variables.map(([name, value]) => [`PILOTHOUSE_AGENT_${name}`, value]));
  }

  static async make(): Promise<BuiltAgent> {
    const directory = await mkdtemp(join(tmpdir(), 'ph-agent-'));
    await build({
      entryPoints: {
        'pilothouse-agent': sourceOf('agent'),
        runner: sourceOf('runner'),
      },
      outdir: directory,
      outExtension: { '.js': '.cjs' },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      external: ['bufferutil', 'utf-8-validate'],
      alias: { '@pilothouse/protocol': fileURLToPath(new URL('../../protocol/src/index.ts', import.meta.url)) },
    });
    return new BuiltAgent(directory, {
      STATE_DIRECTORY: join(directory, 'state'),
      HOST_POLICY: join(directory, 'host-policy.yaml'),
    });
  }

  /** The same program on another state directory. */
  elsewhere(stateDirectory: string): BuiltAgent {
    return new BuiltAgent(this.directory, { ...this.settings, STATE_DIRECTORY: stateDirectory }, this.program);
  }

  /** Another program on the same state directory. */
  as(program: string): BuiltAgent {
    return new BuiltAgent(this.directory, this.settings, program);
  }

  /** Starts the program; the caller waits for what it wants to see. */
  spawn(args: readonly string[], settings: Record<string, string> = {}): ChildProcess {
    const [program = '', ...argv] = [...this.argv, ...args];
    const child = spawn(program, argv, { env: this.environment(settings) });
    this.running.add(child);
    child.on('exit', () => this.running.delete(child));
    return child;
  }

  /** Runs the program to its end. */
  async run(args: readonly string[], stdin = '', settings: Record<string, string> = {}): Promise<Finished> {
    const child = this.spawn(args, settings);
    const output = collect(child);
    child.stdin?.end(stdin);
    await once(child, 'close');
    return { exitCode: child.exitCode, ...output };
  }

  async remove(): Promise<void> {
    const ended = [...this.running].map((child) => once(child, 'exit'));
    for (const child of this.running) child.kill('SIGKILL');
    await Promise.all(ended);
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** What a process has written so far; grows while it runs. */
export function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  return output;
}
