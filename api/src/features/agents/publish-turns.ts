import type { AgentConnection } from './agent-connection.js';

/** Publishes of one connection that may be under way or wait; an agent keeps to one. */
const MAX_IN_LINE = 4;
/** Work of so many milliseconds is taken at once; what goes beyond it is waited for. */
const BURST_MS = 2000;
/** Half of the time after which an agent gives up its publish and cuts the connection. */
const MAX_WAIT_MS = 10_000;

/** How long a line that may owe nothing any more is kept, so that it is not made anew for each message. */
const FORGET_AFTER_MS = 1000;

/** Says what the publish under way costs, in milliseconds of the agent's share. */
export type Charge = (ms: number) => void;

interface Line {
  length: number;
  free: Promise<void>;
  debtMs: number;
  countedAt: number;
}

/**
 * Takes one publish of an agent at a time, and no more work than one agent's share: a millisecond of it each millisecond.
 * A host that has been taken over may send whatever it likes as fast as it can; it must not take the transactions and the
 * time of all others. What an agent owes stays with it when it connects anew.
 */
export class PublishTurns {
  private readonly lines = new Map<string, Line>();

  /** @returns null, without doing anything, when too many wait already. */
  async take<T>({ agent }: AgentConnection, work: (charge: Charge) => Promise<T>): Promise<T | null> {
    const line = this.lineOf(agent.agentId);
    if (line.length >= MAX_IN_LINE) return null;
    line.length += 1;
    const before = line.free;
    let release: () => void = () => undefined;
    line.free = new Promise((resolve) => (release = resolve));
    await before;
    try {
      return await work((ms) => owe(line, ms));
    } finally {
      line.length -= 1;
      this.releaseInTime(line, release);
    }
  }

  /** Puts work on an agent's account that is no publish: its next ones wait for it. */
  charge({ agent }: AgentConnection, ms: number): void {
    owe(this.lineOf(agent.agentId), ms);
  }

  private lineOf(agentId: string): Line {
    const known = this.lines.get(agentId);
    if (known) return known;
    const line = { length: 0, free: Promise.resolve(), debtMs: 0, countedAt: performance.now() };
    this.lines.set(agentId, line);
    this.forgetInTime(agentId, line);
    return line;
  }

  /** The next publish begins when no more than a burst is owed. */
  private releaseInTime(line: Line, release: () => void): void {
    owe(line, 0);
    const waitMs = Math.min(line.debtMs - BURST_MS, MAX_WAIT_MS);
    if (waitMs > 0) setTimeout(release, waitMs);
    else release();
  }

  /** A line that owes nothing is as good as none. */
  private forgetInTime(agentId: string, line: Line): void {
    const look = () => {
      owe(line, 0);
      if (line.length === 0 && line.debtMs === 0) this.lines.delete(agentId);
      else this.forgetInTime(agentId, line);
    };
    setTimeout(look, line.debtMs + FORGET_AFTER_MS).unref();
  }
}

function owe(line: Line, ms: number): void {
  const now = performance.now();
  line.debtMs = Math.max(0, line.debtMs - (now - line.countedAt)) + ms;
  line.countedAt = now;
}
