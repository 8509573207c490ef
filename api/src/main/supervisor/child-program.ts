import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { LastWords } from './last-words.js';
import { RestartBackoff } from './restart-backoff.js';

/** A program as one start of it needs it; `variables` is its whole environment. */
export interface Launch {
  args: readonly string[];
  variables: Readonly<Record<string, string>>;
  cwd: string;
}

export interface ChildProgramOptions {
  /** As people read it: `api`, `dashboard`, `agent`. */
  name: string;
  /** Asked before every start. */
  launch: () => Promise<Launch> | Launch;
  /** Receives all that it writes. */
  log: Writable;
  say: (line: string) => void;
  /** How long it may take to end after SIGTERM, before SIGKILL. */
  stopLimitMs: number;
  onBegan: (pid: number) => void;
  onEnded: () => void;
  onMessage?: (message: unknown) => void;
}

const RESTART_CAP_MS = 5_000;
/** A child that lived this long did not fail at its start: its next restart comes soon again. */
const PROVEN_AFTER_MS = 10_000;
/** How long its last output is waited for: a process of its own that it left may hold the pipe for ever. */
const LAST_OUTPUT_MS = 200;
/** What is left of `stopLimitMs` once the operator is in a hurry. */
const HURRY_MS = 500;

/** Keeps one Node program running until `stop()`: whenever it ends, it is started again, after a growing wait. */
export class ChildProgram {
  #process: ChildProcess | null = null;
  #restarts = new RestartBackoff(RESTART_CAP_MS);
  #keeping: Promise<void> | null = null;
  readonly #stopping = new AbortController();
  #hurry: AbortSignal = new AbortController().signal;

  constructor(private readonly options: ChildProgramOptions) {}

  start(): void {
    this.#keeping ??= this.#keepRunning();
  }

  /** Does nothing while it is not running. */
  send(message: object): void {
    if (this.#process?.connected) this.#process.send(message);
  }

  /** Asks it to end, insists after `stopLimitMs`, or soon when `hurry` is aborted; returns once it has ended. */
  async stop(hurry: AbortSignal): Promise<void> {
    this.#hurry = hurry;
    this.#stopping.abort();
    await this.#keeping;
  }

  async #keepRunning(): Promise<void> {
    const { name, say } = this.options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const beganMs = performance.now();
      const outcome = await this.#runOnce();
      if (signal.aborted) return;
      if (performance.now() - beganMs >= PROVEN_AFTER_MS) this.#restarts.reset();
      const waitMs = this.#restarts.nextMs();
      say(`The ${name} ended (${outcome.how}). Starting it again${waitMs < 1_000 ? '' : ` in ${waitMs / 1_000} s`}.`);
      for (const line of outcome.lastWords) say(`  ${name} │ ${line}`);
      await delay(waitMs, undefined, { signal }).catch(() => undefined); // cut short by stop()
    }
  }

  async #runOnce(): Promise<{ how: string; lastWords: string[] }> {
    const lastWords = new LastWords();
    try {
      const child = await this.#spawn(lastWords);
      const closed = once(child, 'close');
      const [code, signal] = (await this.#ended(child)) as [number | null, NodeJS.Signals | null];
      await Promise.race([closed, delay(LAST_OUTPUT_MS)]);
      return { how: signal ?? `exit code ${code}`, lastWords: lastWords.lines() };
    } catch (error) {
      return { how: (error as Error).message, lastWords: [] };
    } finally {
      this.#process = null;
      this.options.onEnded();
    }
  }

  async #spawn(lastWords: LastWords): Promise<ChildProcess> {
    const { launch, log, onBegan, onMessage } = this.options;
    const { args, variables, cwd } = await launch();
    const child = spawn(process.execPath, args, {
      cwd,
      env: variables,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which ends its children in order.
      detached: true,
    });
    await once(child, 'spawn');
    this.#process = child;
    if (child.pid !== undefined) onBegan(child.pid);
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    child.stderr?.on('data', (chunk: Buffer) => lastWords.add(chunk));
    if (onMessage) child.on('message', onMessage);
    return child;
  }

  /** Waits for the end, and brings it about once `stop()` was called. */
  async #ended(child: ChildProcess): Promise<unknown[]> {
    const ended = once(child, 'exit');
    const insist = async () => {
      child.kill('SIGTERM');
      const isOver = new AbortController();
      void ended.finally(() => isOver.abort());
      await patience({ limitMs: this.options.stopLimitMs, hurry: this.#hurry, isOver: isOver.signal });
      child.kill('SIGKILL');
    };
    const { signal } = this.#stopping;
    if (signal.aborted) void insist();
    else signal.addEventListener('abort', () => void insist(), { once: true });
    return ended;
  }
}

/** Resolves after `limitMs`, or shortly after `hurry`, or at once when it `isOver`. */
async function patience({
  limitMs,
  hurry,
  isOver,
}: {
  limitMs: number;
  hurry: AbortSignal;
  isOver: AbortSignal;
}): Promise<void> {
  const wait = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }).catch(() => undefined); // cut short
  await wait(limitMs, AbortSignal.any([hurry, isOver]));
  if (hurry.aborted && !isOver.aborted) await wait(HURRY_MS, isOver);
}
