import type { AgentConnection } from './agent-connection.js';

/** How long one frame keeps the line: an agent that sends more of them waits, and its neighbours do not. */
const MS_PER_FRAME = 0.4;
/** Publishes of one connection that may be under way or wait; an agent keeps to one. */
const MAX_IN_LINE = 4;

interface Line {
  length: number;
  free: Promise<void>;
}

/**
 * Takes one publish of a connection at a time, and not more frames than one agent's share. A host that has been taken
 * over may send whatever it likes as fast as it can; it must not take the transactions and the time of all others.
 */
export class PublishTurns {
  private readonly lines = new WeakMap<AgentConnection['agent'], Line>();

  /** @returns null, without doing anything, when too many wait already. */
  async take<T>({ agent }: AgentConnection, frames: number, work: () => Promise<T>): Promise<T | null> {
    const line = this.lines.get(agent) ?? { length: 0, free: Promise.resolve() };
    this.lines.set(agent, line);
    if (line.length >= MAX_IN_LINE) return null;
    line.length += 1;
    const before = line.free;
    let release: () => void = () => undefined;
    line.free = new Promise((resolve) => (release = resolve));
    await before;
    const beganAt = performance.now();
    try {
      return await work();
    } finally {
      line.length -= 1;
      const leftMs = frames * MS_PER_FRAME - (performance.now() - beganAt);
      if (leftMs <= 0) release();
      else setTimeout(release, leftMs);
    }
  }
}
