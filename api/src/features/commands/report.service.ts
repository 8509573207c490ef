import { openResult, PASSING_REFUSALS, type AgentFrame, type PublicKeyText } from '@pilothouse/protocol';
import { allAnswered, type Database, type WriteTransaction } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Logger } from '../../kernel/log.js';
import { systemContext, type RequestContext, type WorkspaceContext } from '../../kernel/request-context.js';
import type { OutputItem, OutputRepository } from './output.repository.js';
import { refusalProblemOf, type RefusalAlarm } from './refusals.port.js';
import type { Moved, ReportRepository } from './report.repository.js';

/** The agent whose frames are applied. */
export interface ReportingAgent {
  agentId: string;
  serverId: string;
  publicKey: PublicKeyText;
}

const PASSING_PROBLEMS: ReadonlySet<string> = new Set(PASSING_REFUSALS);

/** Frames about commands, each with its place in what the agent published. */
export interface IndexedFrame {
  index: number;
  frame: AgentFrame;
}

export interface FrameRefusal {
  index: number;
  code: 'UNKNOWN_COMMAND' | 'BAD_RESULT';
  message: string;
}

export interface ReportParts {
  reports: ReportRepository;
  output: OutputRepository;
  bus: EventBus;
  log: Logger;
  alarm: RefusalAlarm;
  /** Told, after commit, that a command of this run has ended. */
  onRunProgress: (workspaceId: string, runId: string) => void;
}

/**
 * Applies what an agent says of its commands, inside the gateway's fenced transaction. Everything may come twice: a
 * repetition changes nothing and is not refused.
 */
export class ReportService {
  constructor(private readonly parts: ReportParts) {}

  async apply(
    ctx: RequestContext,
    tx: WriteTransaction,
    { agent, frames }: { agent: ReportingAgent; frames: readonly IndexedFrame[] },
  ): Promise<FrameRefusal[]> {
    // Each begins with its compare-and-set, so that these reach the database in the order of the frames.
    const answers = await allAnswered(frames.map(({ frame }) => this.applyOne(ctx, tx, { agent, frame })));
    const refused = frames.flatMap(({ index }, place) => {
      const refusal = answers[place];
      return refusal ? [{ index, ...refusal }] : [];
    });
    const [ofOutput = []] = await this.recordOutput(tx, [{ serverId: agent.serverId, frames }], ctx.now());
    return [...refused, ...ofOutput];
  }

  /**
   * Records what servers of the workspace have published of their commands' output, whatever else is among the frames.
   * @returns the refused frames of each, in the order given.
   */
  async recordOutput(
    tx: WriteTransaction,
    published: readonly { serverId: string; frames: readonly IndexedFrame[] }[],
    at: Date,
  ): Promise<FrameRefusal[][]> {
    const sorted = published.map(({ serverId, frames }) => ({ serverId, commands: byCommand(frames) }));
    const outputs = sorted.flatMap(({ serverId, commands }) =>
      [...commands].map(([commandId, { items }]) => ({ serverId, commandId, items })),
    );
    if (outputs.length === 0) return published.map(() => []);
    const known = await this.parts.output.record(tx, outputs, at);
    for (const commandId of known.keys()) tx.afterCommit(() => this.parts.bus.publish(`output:${commandId}`));
    return sorted.map(({ serverId, commands }) => {
      const foreign = [...commands].filter(([commandId]) => known.get(commandId) !== serverId);
      return foreign.flatMap(([, { indexes }]) =>
        indexes.map((index) => ({ index, code: 'UNKNOWN_COMMAND', message: 'This server has no such command' })),
      );
    });
  }

  /** Ends what is open on a server whose agent is no longer trusted: revoked, or enrolled anew. */
  async serverRevoked(ctx: WorkspaceContext, tx: WriteTransaction, serverId: string): Promise<void> {
    const reason = 'The server was revoked or enrolled anew before it ended';
    for (const { id, runId } of await this.parts.reports.endAll(tx, serverId, { reason, at: ctx.now() })) {
      tx.changed('COMMAND', id);
      tx.afterCommit(() => {
        this.parts.bus.publish(`output:${id}`);
        if (runId !== null) this.parts.onRunProgress(ctx.workspaceId, runId);
      });
    }
  }

  private async applyOne(
    ctx: RequestContext,
    tx: WriteTransaction,
    { agent, frame }: { agent: ReportingAgent; frame: AgentFrame },
  ): Promise<Omit<FrameRefusal, 'index'> | null> {
    const at = ctx.now();
    const { reports } = this.parts;
    if ('received' in frame) {
      const id = frame.received.commandId;
      const moved = await reports.received(tx, agent.serverId, { id, at });
      if (!moved && (await reports.instructionReceived(tx, agent.serverId, { id, at }))) return null;
      return this.noteMove(ctx, tx, { agent, id, moved });
    }
    if ('started' in frame) {
      const moved = await reports.started(tx, agent.serverId, { frame: frame.started, at });
      return this.noteMove(ctx, tx, { agent, id: frame.started.commandId, moved });
    }
    if ('refused' in frame) return this.refusedByAgent(ctx, tx, { agent, frame: frame.refused });
    if ('result' in frame) return this.applyResult(ctx, tx, { agent, frame: frame.result });
    return null;
  }

  private async applyResult(
    ctx: RequestContext,
    tx: WriteTransaction,
    { agent, frame }: { agent: ReportingAgent; frame: { statement: string; signature: string } },
  ): Promise<Omit<FrameRefusal, 'index'> | null> {
    const bytes = Buffer.from(frame.statement, 'base64');
    const signature = Buffer.from(frame.signature, 'base64');
    const result = openResult({ bytes, signature }, { id: agent.agentId, publicKey: agent.publicKey });
    if (!result) {
      this.parts.log.warn({ serverId: agent.serverId }, 'An agent sent a result whose signature or form is wrong');
      return { code: 'BAD_RESULT', message: 'The result’s signature or form is wrong' };
    }
    const statement = { result, bytes, signature, at: ctx.now() };
    const moved = await this.parts.reports.finished(tx, agent.serverId, statement);
    if (moved) return this.noteMove(ctx, tx, { agent, id: result.commandId, moved });
    const late = await this.parts.reports.late(tx, agent.serverId, statement);
    return this.noteMove(ctx, tx, { agent, id: result.commandId, moved: late });
  }

  private async refusedByAgent(
    ctx: RequestContext,
    tx: WriteTransaction,
    {
      agent,
      frame: { commandId, problem: text },
    }: { agent: ReportingAgent; frame: { commandId: string; problem: string } },
  ): Promise<Omit<FrameRefusal, 'index'> | null> {
    const { log, reports, alarm } = this.parts;
    const { serverId } = agent;
    if (PASSING_PROBLEMS.has(text)) {
      log.warn({ serverId, commandId, problem: text }, 'An agent could not take an instruction; it is delivered again');
      return null;
    }
    const at = ctx.now();
    const problem = refusalProblemOf(text);
    const moved = await reports.refusedByAgent(tx, serverId, { id: commandId, problem, at });
    if (moved || (await reports.instructionRefused(tx, serverId, { id: commandId, at }))) {
      log.error({ serverId, commandId, problem }, 'An agent refused an instruction as not genuine');
      tx.audit({
        action: 'instruction-refused',
        target: { kind: 'COMMAND', id: commandId },
        detail: { serverId, problem },
      });
      await alarm.raise(ctx, tx, { serverId, commandId, problem });
    }
    if (!moved && (await reports.isInstruction(tx, serverId, commandId))) return null;
    return this.noteMove(ctx, tx, { agent, id: commandId, moved });
  }

  private async noteMove(
    ctx: RequestContext,
    tx: WriteTransaction,
    { agent, id, moved }: { agent: ReportingAgent; id: string; moved: Moved | null },
  ): Promise<Omit<FrameRefusal, 'index'> | null> {
    if (!moved) {
      const known = await this.parts.reports.stateOf(tx, agent.serverId, id);
      return known ? null : { code: 'UNKNOWN_COMMAND', message: 'This server has no such command' };
    }
    const { runId, othersWait } = moved;
    tx.changed('COMMAND', moved.id);
    tx.afterCommit(() => {
      this.parts.bus.publish(`output:${moved.id}`);
      if (runId !== null && ctx.workspaceId !== null) this.parts.onRunProgress(ctx.workspaceId, runId);
      // A place in the delivery window may have become free.
      if (othersWait) this.parts.bus.publish(`queue:${agent.serverId}`);
    });
    return null;
  }
}

interface OutputOfCommand {
  items: OutputItem[];
  /** Places of the frames they came in. */
  indexes: number[];
}

function byCommand(frames: readonly IndexedFrame[]): Map<string, OutputOfCommand> {
  const commands = new Map<string, OutputOfCommand>();
  for (const { index, frame } of frames) {
    const item = outputItem(frame);
    if (!item) continue;
    const commandId = 'piece' in item ? item.piece.commandId : item.gap.commandId;
    const command = commands.get(commandId) ?? { items: [], indexes: [] };
    commands.set(commandId, command);
    command.items.push(item);
    command.indexes.push(index);
  }
  return commands;
}

function outputItem(frame: AgentFrame): OutputItem | null {
  if ('output' in frame) return { piece: frame.output };
  return 'outputGap' in frame ? { gap: frame.outputGap } : null;
}

/** Gives every command whose lease or deadline has lapsed its final state. Safe to run anywhere, at any time. */
export class CommandSweep {
  constructor(
    private readonly parts: Pick<ReportParts, 'reports' | 'bus' | 'onRunProgress'> & {
      database: Database;
      overdue: (now: Date) => Promise<{ workspaceId: string; id: string }[]>;
    },
  ) {}

  /** @returns how many commands were ended. */
  async run(now = new Date()): Promise<number> {
    const { database, reports, bus, onRunProgress, overdue } = this.parts;
    let ended = 0;
    for (const { workspaceId, id } of await overdue(now)) {
      const moved = await database.write(systemContext(workspaceId, 'sweep-commands'), async (tx) => {
        const expired = await reports.expire(tx, id, now);
        if (expired) tx.changed('COMMAND', id);
        return expired;
      });
      if (!moved) continue;
      ended += 1;
      bus.publish(`output:${id}`);
      if (moved.runId !== null) onRunProgress(workspaceId, moved.runId);
    }
    return ended;
  }
}
