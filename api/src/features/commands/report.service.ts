import {
  frameBody,
  frameKindOf,
  openResult,
  PASSING_REFUSALS,
  type AgentFrame,
  type FrameBody,
  type FrameKind,
  type PublicKeyText,
} from '@pilothouse/protocol';
import { allAnswered, type WriteTransaction } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Logger } from '../../kernel/log.js';
import type { FrameRefusal, IndexedFrame } from '../../kernel/published-frame.js';
import type { RequestContext, WorkspaceContext } from '../../kernel/request-context.js';
import type { OutputItem, OutputRepository } from './output.repository.js';
import { refusalProblemOf, type RefusalAlarm } from './refusals.port.js';
import type { Moved, ReportRepository } from './report.repository.js';

/** The agent whose frames are applied. */
export interface ReportingAgent {
  agentId: string;
  serverId: string;
  publicKey: PublicKeyText;
}

/** Frames that move a command on, and those that hold what it wrote. */
const NEWS_KINDS = ['received', 'started', 'refused', 'result'] as const;
const OUTPUT_KINDS = ['output', 'outputGap'] as const;
type NewsKind = (typeof NEWS_KINDS)[number];
type OutputKind = (typeof OUTPUT_KINDS)[number];
/** The kinds of frames that `ReportService` applies. */
export type CommandFrameKind = NewsKind | OutputKind;

const isNews = (kind: FrameKind): kind is NewsKind => (NEWS_KINDS as readonly FrameKind[]).includes(kind);

/** Whether a frame holds what a command wrote, or tells of what is missing of it. */
export function isOutputFrame(frame: AgentFrame): boolean {
  return (OUTPUT_KINDS as readonly FrameKind[]).includes(frameKindOf(frame));
}

interface News<Kind extends NewsKind> {
  agent: ReportingAgent;
  body: FrameBody<Kind>;
}

interface NewsHandler<Kind extends NewsKind> {
  take(ctx: RequestContext, tx: WriteTransaction, news: News<Kind>): Promise<Refused | null>;
}

type Refused = Omit<FrameRefusal, 'index'>;

const PASSING_PROBLEMS: ReadonlySet<string> = new Set(PASSING_REFUSALS);

export interface ReportParts {
  repository: ReportRepository;
  output: OutputRepository;
  bus: EventBus;
  log: Logger;
  alarm: RefusalAlarm;
  /** Told, after commit, that a command of this run has ended. */
  onRunProgress: (workspaceId: string, runId: string) => void;
}

/**
 * Where a command's `received` comes with its `started`, the second says the first too: its row is written once less.
 * @returns from the places of those that are implied to those that imply them.
 */
function findImplied(frames: readonly IndexedFrame[]): ReadonlyMap<number, number> {
  const places = new Map<string, number>();
  for (const [place, { frame }] of frames.entries()) {
    const started = frameBody(frame, 'started');
    if (started) places.set(started.commandId, place);
  }
  const implied = new Map<number, number>();
  for (const [place, { frame }] of frames.entries()) {
    const by = places.get(frameBody(frame, 'received')?.commandId ?? '');
    if (by !== undefined && by > place) implied.set(place, by);
  }
  return implied;
}

/**
 * Applies what an agent says of its commands, inside the gateway's fenced transaction. Everything may come twice: a
 * repetition changes nothing and is not refused.
 */
export class ReportService {
  private readonly news: { readonly [Kind in NewsKind]: NewsHandler<Kind> } = {
    received: { take: (ctx, tx, news) => this.received(ctx, tx, news) },
    started: { take: (ctx, tx, news) => this.started(ctx, tx, news) },
    refused: { take: (ctx, tx, news) => this.refused(ctx, tx, news) },
    result: { take: (ctx, tx, news) => this.finished(ctx, tx, news) },
  };

  constructor(private readonly parts: ReportParts) {}

  async apply(
    ctx: RequestContext,
    tx: WriteTransaction,
    { agent, frames }: { agent: ReportingAgent; frames: readonly IndexedFrame[] },
  ): Promise<FrameRefusal[]> {
    const impliedBy = findImplied(frames);
    // Each begins with its compare-and-set, so that these reach the database in the order of the frames.
    const answers = await allAnswered(
      frames.map(async ({ frame }, place) => (impliedBy.has(place) ? null : this.applyOne(ctx, tx, { agent, frame }))),
    );
    const refused = frames.flatMap(({ index }, place) => {
      const refusal = answers[impliedBy.get(place) ?? place];
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
    for (const { id, runId } of await this.parts.repository.endAll(tx, serverId, { reason, at: ctx.now() })) {
      tx.changed('COMMAND', id);
      tx.afterCommit(() => {
        this.parts.bus.publish(`output:${id}`);
        if (runId !== null) this.parts.onRunProgress(ctx.workspaceId, runId);
      });
    }
  }

  /** What is recorded as output is no news of a command, and comes after all that is. */
  private async applyOne(
    ctx: RequestContext,
    tx: WriteTransaction,
    { agent, frame }: { agent: ReportingAgent; frame: AgentFrame },
  ): Promise<Refused | null> {
    const kind = frameKindOf(frame);
    if (!isNews(kind)) return null;
    const handler: NewsHandler<NewsKind> = this.news[kind];
    return handler.take(ctx, tx, { agent, body: frameBody(frame, kind) as FrameBody<NewsKind> });
  }

  private async received(
    ctx: RequestContext,
    tx: WriteTransaction,
    { agent, body: { commandId: id } }: News<'received'>,
  ): Promise<Refused | null> {
    const { repository } = this.parts;
    const at = ctx.now();
    const moved = await repository.received(tx, agent.serverId, { id, at });
    if (!moved && (await repository.instructionReceived(tx, agent.serverId, { id, at }))) return null;
    return this.noteMove(ctx, tx, { agent, id, moved });
  }

  private async started(
    ctx: RequestContext,
    tx: WriteTransaction,
    { agent, body }: News<'started'>,
  ): Promise<Refused | null> {
    const moved = await this.parts.repository.started(tx, agent.serverId, { frame: body, at: ctx.now() });
    return this.noteMove(ctx, tx, { agent, id: body.commandId, moved });
  }

  private async finished(
    ctx: RequestContext,
    tx: WriteTransaction,
    { agent, body }: News<'result'>,
  ): Promise<Refused | null> {
    const { repository, log } = this.parts;
    const bytes = Buffer.from(body.statement, 'base64');
    const signature = Buffer.from(body.signature, 'base64');
    const result = openResult({ bytes, signature }, { id: agent.agentId, publicKey: agent.publicKey });
    if (!result) {
      log.warn({ serverId: agent.serverId }, 'An agent sent a result whose signature or form is wrong');
      return { code: 'BAD_RESULT', message: 'The result’s signature or form is wrong' };
    }
    const statement = { result, bytes, signature, at: ctx.now() };
    const moved = await repository.finished(tx, agent.serverId, statement);
    if (moved && result.state === 'VETOED') {
      // Why is in the result: the agent's own text, and so not on record.
      tx.audit({
        action: 'command-vetoed',
        target: { kind: 'COMMAND', id: result.commandId },
        detail: { serverId: agent.serverId },
      });
    }
    if (moved) return this.noteMove(ctx, tx, { agent, id: result.commandId, moved });
    const late = await repository.late(tx, agent.serverId, statement);
    return this.noteMove(ctx, tx, { agent, id: result.commandId, moved: late });
  }

  private async refused(
    ctx: RequestContext,
    tx: WriteTransaction,
    { agent, body: { commandId, problem: text } }: News<'refused'>,
  ): Promise<Refused | null> {
    const { log, repository, alarm } = this.parts;
    const { serverId } = agent;
    if (PASSING_PROBLEMS.has(text)) {
      log.warn({ serverId, commandId, problem: text }, 'An agent could not take an instruction; it is delivered again');
      return null;
    }
    const at = ctx.now();
    const problem = refusalProblemOf(text);
    const moved = await repository.refusedByAgent(tx, serverId, { id: commandId, problem, at });
    if (moved || (await repository.instructionRefused(tx, serverId, { id: commandId, at }))) {
      log.error({ serverId, commandId, problem }, 'An agent refused an instruction as not genuine');
      tx.audit({
        action: 'instruction-refused',
        target: { kind: 'COMMAND', id: commandId },
        detail: { serverId, problem },
      });
      await alarm.raise(ctx, tx, { serverId, commandId, problem });
    }
    if (!moved && (await repository.isInstruction(tx, serverId, commandId))) return null;
    return this.noteMove(ctx, tx, { agent, id: commandId, moved });
  }

  private async noteMove(
    ctx: RequestContext,
    tx: WriteTransaction,
    { agent, id, moved }: { agent: ReportingAgent; id: string; moved: Moved | null },
  ): Promise<Refused | null> {
    if (!moved) {
      const known = await this.parts.repository.stateOf(tx, agent.serverId, id);
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
