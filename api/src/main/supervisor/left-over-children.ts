import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

/** A process, told apart from a later one with the same number by when it began, in clock ticks since boot. */
const processSchema = z.object({ name: z.string(), pid: z.int().positive(), startTicks: z.string() });
type KnownProcess = z.infer<typeof processSchema>;

/** Children end by themselves when their supervisor has gone, within 10 s; a frozen one never would. */
const PATIENCE_MS = 12_000;
const POLL_MS = 25;

/**
 * Which children run, on disk, so that the start after a kill -9 can wait for those that are still ending and end
 * those that do not. Otherwise they would hold the port, and the agent's directory.
 */
export class ChildRecord {
  readonly #path: string;
  readonly #running = new Map<string, KnownProcess>();

  constructor(stateDir: string) {
    this.#path = join(stateDir, 'children.json');
  }

  began(name: string, pid: number): void {
    const startTicks = startTicksOf(pid);
    if (startTicks === null) return;
    this.#running.set(name, { name, pid, startTicks });
    this.#store();
  }

  ended(name: string): void {
    this.#running.delete(name);
    this.#store();
  }

  /** Returns once no child of an earlier supervisor runs any more. */
  async endLeftOvers(say: (line: string) => void, patienceMs = PATIENCE_MS): Promise<void> {
    const left = this.#stored().filter(isRunning);
    if (left.length === 0) return;
    const names = left.map(({ name, pid }) => `${name} (process ${pid})`).join(', ');
    say(`Waiting for what a killed Pilothouse left running: ${names}`);
    const deadline = performance.now() + patienceMs;
    while (left.some(isRunning)) {
      if (performance.now() > deadline) left.filter(isRunning).forEach(kill);
      await delay(POLL_MS);
    }
  }

  #store(): void {
    const draft = `${this.#path}.new`;
    writeFileSync(draft, JSON.stringify([...this.#running.values()]), { mode: 0o600 });
    renameSync(draft, this.#path);
  }

  #stored(): KnownProcess[] {
    try {
      return z.array(processSchema).parse(JSON.parse(readIfPresent(this.#path) ?? '[]'));
    } catch {
      return []; // Half a file is what a power cut leaves, and then none of these processes lives.
    }
  }
}

function kill({ pid }: KnownProcess): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function isRunning({ pid, startTicks }: KnownProcess): boolean {
  return startTicksOf(pid) === startTicks;
}

/** Null when there is no such process, or only its exit status is left of it. */
function startTicksOf(pid: number): string | null {
  // After the name in parentheses, which may hold anything: field 3, the state, then 4, 5, … 22, the start.
  const stat = readIfPresent(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined || fields[0] === 'Z' ? null : (fields[19] ?? null);
}

function readIfPresent(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}
