import type { Database } from '../../kernel/database/index.js';
import { Fault } from '../../kernel/fault.js';
import type { Gate } from '../../kernel/gate.js';
import type { FrameRefusal, IndexedFrame } from '../../kernel/published-frame.js';
import { systemContext } from '../../kernel/request-context.js';
import type { ReportService } from '../commands/index.js';
import type { AgentConnection } from './agent-connection.js';
import type { AgentSessionRepository } from './agent-session.repository.js';
import { Superseded } from './superseded.js';

export interface OutputIntakeParts {
  database: Database;
  sessions: AgentSessionRepository;
  reports: ReportService;
  gate: Gate;
}

interface Waiting {
  agent: AgentConnection['agent'];
  frames: readonly IndexedFrame[];
  resolve(refused: FrameRefusal[]): void;
  reject(error: unknown): void;
}

interface Line {
  waiting: Waiting[];
  writers: number;
}

/** Publishes that are recorded at once: each is 256 KiB of output at most. */
const MAX_AT_ONCE = 32;
/** Groups of a workspace under way: while the database writes one, this process encodes the next. */
export const MAX_WRITERS = 4;

/**
 * Records the output of commands in groups: what agents of a workspace publish while the groups before are written
 * goes together into the next transaction. A lone publish waits for nothing. The transaction holds the epochs that are current
 * and leaves the other publishes out, so that a displaced connection cannot write.
 */
export class OutputIntake {
  private readonly lines = new Map<string, Line>();

  constructor(private readonly parts: OutputIntakeParts) {}

  /** Resolves when the output is durable. @throws Superseded */
  take({ agent }: AgentConnection, frames: readonly IndexedFrame[]): Promise<FrameRefusal[]> {
    const { workspaceId } = agent;
    const line = this.lines.get(workspaceId) ?? { waiting: [], writers: 0 };
    this.lines.set(workspaceId, line);
    return new Promise((resolve, reject) => {
      line.waiting.push({ agent, frames, resolve, reject });
      if (line.writers < MAX_WRITERS) void this.empty(workspaceId, line);
    });
  }

  private async empty(workspaceId: string, line: Line): Promise<void> {
    line.writers += 1;
    while (line.waiting.length > 0) {
      await this.parts.gate.pass(async () => {
        const group = takeGroup(line);
        // Another writer may have taken all that waited before it was this one's turn.
        if (group.length > 0) await this.record(workspaceId, group);
      });
    }
    line.writers -= 1;
    if (line.writers === 0) this.lines.delete(workspaceId);
  }

  /** What one agent has sent must not keep the others' from being recorded: after a failure each stands for itself. */
  private async record(workspaceId: string, group: readonly Waiting[]): Promise<void> {
    try {
      const refused = await this.write(workspaceId, group);
      for (const [place, publish] of group.entries()) {
        const ofThis = refused[place];
        if (ofThis) publish.resolve(ofThis);
        else publish.reject(new Superseded());
      }
    } catch (error) {
      const isAway = error instanceof Fault && error.code === 'UNAVAILABLE';
      if (group.length > 1 && !isAway) for (const publish of group) await this.record(workspaceId, [publish]);
      else for (const publish of group) publish.reject(error);
    }
  }

  /** @returns the refused frames of each publish; null where a newer connection has taken over. */
  private write(workspaceId: string, group: readonly Waiting[]): Promise<(FrameRefusal[] | null)[]> {
    const { database, sessions, reports } = this.parts;
    const ctx = systemContext(workspaceId, 'record-output');
    return database.write(ctx, async (tx) => {
      const held = await sessions.holdAll(
        tx,
        group.map(({ agent }) => agent),
      );
      const current = group.filter(({ agent }) => held.has(agent.serverId));
      const published = current.map(({ agent, frames }) => ({ serverId: agent.serverId, frames }));
      const refused = await reports.recordOutput(tx, published, ctx.now());
      return group.map((publish) => refused[current.indexOf(publish)] ?? null);
    });
  }
}

/** Two epochs of one server never meet in one group: a session is found by its server. */
function takeGroup(line: Line): Waiting[] {
  const group = new Map<string, Waiting>();
  const left: Waiting[] = [];
  for (const publish of line.waiting) {
    const { serverId } = publish.agent;
    if (group.has(serverId) || group.size === MAX_AT_ONCE) left.push(publish);
    else group.set(serverId, publish);
  }
  line.waiting = left;
  return [...group.values()];
}
