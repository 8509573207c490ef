import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { waitUntil } from '@pilothouse/db/testing';
import { build } from 'esbuild';
import { hostVariables } from '../../../kernel/environment.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** How a program says that it was started. */
export interface StartedProgram {
  pid: number;
  arguments: string[];
  variables: Record<string, string>;
}

/** A place for one installation: a state directory, and the supervisor with the programs that stand in. */
export class Place {
  private constructor(
    readonly root: string,
    readonly programs: string,
  ) {}

  static async make(): Promise<Place> {
    const root = await mkdtemp(join(tmpdir(), 'pilothouse-supervised-'));
    await chmod(root, 0o711); // PostgreSQL's account passes through
    // Below the package, where its dependencies are found.
    const programs = await mkdtemp(here('../../../../../node_modules/.supervised-'));
    await build({
      entryPoints: [
        ...['supervisor', 'api', 'dashboard', 'agent'].map((name) => here(`programs/${name}.ts`)),
        here('../end-with-parent.ts'),
      ].map((input) => ({ in: input, out: input.replace(/^.*\/(.*)\.ts$/, '$1') })),
      outdir: programs,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
    });
    return new Place(root, programs);
  }

  get stateDir(): string {
    return join(this.root, 'state');
  }

  async remove(): Promise<void> {
    for (const path of [this.root, this.programs]) await rm(path, { recursive: true, force: true });
  }

  /** What the programs did, in order. */
  async events(): Promise<string[]> {
    const text = await readFile(join(this.programs, 'events'), 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  }

  async until(event: string, times = 1): Promise<void> {
    await waitUntil(async () => (await this.events()).filter((line) => line === event).length >= times);
  }

  async started(name: string): Promise<StartedProgram> {
    return JSON.parse(await readFile(join(this.programs, `${name}.json`), 'utf8')) as StartedProgram;
  }

  start(variables: Record<string, string> = {}): Supervised {
    return new Supervised(this, variables);
  }
}

/** A supervisor in a process of its own. */
export class Supervised {
  readonly process: ChildProcessByStdio<null, Readable, null>;
  readonly ended: Promise<number | null>;
  output = '';

  constructor(place: Place, variables: Record<string, string>) {
    this.process = spawn(process.execPath, [join(place.programs, 'supervisor.mjs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...hostVariables(),
        HOME: place.root,
        PILOTHOUSE_STATE_DIR: place.stateDir,
        PILOTHOUSE_LISTEN: '127.0.0.1:0',
        ...variables,
      },
    });
    this.process.stdout.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.ended = once(this.process, 'close').then(([code]) => code as number | null);
  }

  /** The first line that matches, as soon as it is there. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const look = () => pattern.exec(this.output);
    const hasEnded = this.ended.then(() => true);
    while (look() === null) {
      if ((await Promise.race([hasEnded, once(this.process.stdout, 'data')])) === true && look() === null) {
        throw new Error(`Ended without ${pattern}:\n${this.output}`);
      }
    }
    return look() as RegExpExecArray;
  }

  async address(): Promise<string> {
    return (await this.says(/^Pilothouse is ready: (.*)$/m))[1] ?? '';
  }

  /** Ends it as Ctrl-C does, and returns the exit code. */
  stop(): Promise<number | null> {
    this.process.kill('SIGINT');
    return this.ended;
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }
}

/** A process whose exit status nobody has taken yet is no longer alive. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false; // There is no such process.
  }
}
