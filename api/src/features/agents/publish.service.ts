import { frameBody, LINK_LIMITS, readAgentFrame, type FrameBody, type TelemetryFrame } from '@pilothouse/protocol';
import type { WebSocket } from 'ws';
import type { Database, WriteTransaction } from '../../kernel/database/index.js';
import { Fault } from '../../kernel/fault.js';
import type { Gate } from '../../kernel/gate.js';
import type { FrameRefusal, IndexedFrame } from '../../kernel/published-frame.js';
import { isOutputFrame, type ReportService } from '../commands/index.js';
import type { HostFactsRepository } from '../servers/index.js';
import type { AgentConnection } from './agent-connection.js';
import type { KeyRotationService } from './key-rotation.service.js';
import type { AgentSessionRepository, Epoch } from './agent-session.repository.js';
import {
  deliveryIdOf,
  hasStorableTexts,
  isHostFrame,
  priceOf,
  sortByKeeper,
  type FrameKeeper,
  type HostFrameKind,
} from './frame-kinds.js';
import { OutputIntake } from './output-intake.js';
import { PRICES_MS } from './publish-prices.js';
import { PublishTurns, type Charge } from './publish-turns.js';
import { Superseded } from './superseded.js';

/** Where samples go. Resolves when they are durable; `fenced` when a newer connection has taken over. */
export interface TelemetrySink {
  accept(
    agent: { serverId: string; workspaceId: string; epoch: Epoch },
    frame: TelemetryFrame,
  ): Promise<{ fenced: boolean; refused: readonly { message: string }[] }>;
}

export interface PublishParts {
  database: Database;
  sessions: AgentSessionRepository;
  hosts: HostFactsRepository;
  reports: ReportService;
  rotation: KeyRotationService;
  telemetry: TelemetrySink;
  gate: Gate;
}

type Keeper = (connection: AgentConnection, frames: readonly IndexedFrame[]) => Promise<FrameRefusal[]>;

/** Takes in what an agent publishes. The answer comes after commit: whatever is not refused by it is durable. */
export class PublishService {
  private readonly turns = new PublishTurns();
  private readonly output: OutputIntake;
  /** Each is given frames of its kinds, one at least, and none waits for another. */
  private readonly keepers: Readonly<Record<FrameKeeper, Keeper>> = {
    TELEMETRY: (connection, frames) => this.acceptTelemetry(connection, frames),
    KEY: (connection, frames) => this.announceKey(connection, frames.at(-1)),
    REPORTS: (connection, frames) => this.keepReports(connection, frames),
  };

  constructor(private readonly parts: PublishParts) {
    this.output = new OutputIntake(parts);
  }

  /** @throws BAD_USER_INPUT, RATE_LIMITED, Superseded */
  async publish(connection: AgentConnection, received: readonly unknown[]): Promise<FrameRefusal[]> {
    if (received.length > LINK_LIMITS.maxFramesPerPublish) {
      throw new Fault('BAD_USER_INPUT', `A publish has at most ${LINK_LIMITS.maxFramesPerPublish} frames.`);
    }
    const refused = await this.turns.take(connection, (charge) => this.takeIn(connection, received, charge));
    if (refused) return refused;
    connection.close('TOO_MANY_OPERATIONS');
    throw new Fault('RATE_LIMITED', 'An agent has one publish under way at a time.');
  }

  /** Has an agent pay for each message of a connection, whatever is in it. */
  attend(connection: AgentConnection, socket: WebSocket): void {
    socket.on('message', (data: Buffer) => {
      this.turns.charge(connection, (data.length / 1024) * PRICES_MS.receivedKib);
    });
  }

  private async takeIn(
    connection: AgentConnection,
    received: readonly unknown[],
    charge: Charge,
  ): Promise<FrameRefusal[]> {
    const { frames, refused } = await readFrames(received);
    charge(PRICES_MS.publish + priceOf(frames.map(({ frame }) => frame)));
    charge(refused.length * PRICES_MS.refusedFrame);
    const fromFrames = await this.keep(connection, frames);
    charge(fromFrames.length * PRICES_MS.refusedFrame);
    return [...refused, ...fromFrames];
  }

  private async keep(connection: AgentConnection, frames: readonly IndexedFrame[]): Promise<FrameRefusal[]> {
    const kept = [...sortByKeeper(frames)].map(([keeper, own]) => this.keepers[keeper](connection, own));
    return (await Promise.all(kept)).flat();
  }

  private async keepReports(connection: AgentConnection, frames: readonly IndexedFrame[]): Promise<FrameRefusal[]> {
    const isOutputAlone = frames.every(({ frame }) => isOutputFrame(frame));
    return isOutputAlone ? this.output.take(connection, frames) : this.applyFenced(connection, frames);
  }

  /** One transaction that first holds the connection's epoch: a displaced connection cannot write. */
  private applyFenced({ agent, ctx }: AgentConnection, frames: readonly IndexedFrame[]): Promise<FrameRefusal[]> {
    const { database, sessions, reports, gate } = this.parts;
    const work = async (tx: WriteTransaction) => {
      if (frames.some(({ frame }) => isHostFrame(frame))) await sessions.lockServer(tx, agent.serverId);
      if (!(await sessions.hold(tx, agent.serverId, agent.epoch))) throw new Superseded();
      await this.storeHostReports({ agent, ctx }, tx, frames);
      const { known, refused } = await this.sortOut(tx, agent.serverId, frames);
      for (const part of inParts(known)) {
        refused.push(...(await reports.apply(ctx, tx, { agent, frames: part })));
        await letOthersThrough();
      }
      return refused;
    };
    return gate.pass(() => database.write(ctx, work));
  }

  /** Many frames are looked up at once: an agent may name whatever it likes, and each look-up would cost a question. */
  private async sortOut(
    tx: WriteTransaction,
    serverId: string,
    frames: readonly IndexedFrame[],
  ): Promise<{ known: readonly IndexedFrame[]; refused: FrameRefusal[] }> {
    if (frames.length <= FRAMES_AT_A_STRETCH) return { known: frames, refused: [] };
    const ids = frames.map(({ frame }) => deliveryIdOf(frame));
    const own = await this.parts.sessions.ownDeliveries(tx, serverId, [...new Set(ids.filter((id) => id !== null))]);
    const known: IndexedFrame[] = [];
    const refused: FrameRefusal[] = [];
    for (const [place, { index, frame }] of frames.entries()) {
      const id = ids[place] ?? null;
      if (id === null || own.has(id)) known.push({ index, frame });
      else refused.push({ index, code: 'UNKNOWN_COMMAND', message: 'This server has no such command' });
    }
    return { known, refused };
  }

  /** Of several reports of one kind the last one counts. */
  private async storeHostReports(
    { agent, ctx }: Pick<AgentConnection, 'agent' | 'ctx'>,
    tx: WriteTransaction,
    frames: readonly IndexedFrame[],
  ): Promise<void> {
    const { hosts } = this.parts;
    const server = { id: agent.serverId, workspaceId: agent.workspaceId };
    const [facts, health] = [lastOf(frames, 'facts'), lastOf(frames, 'health')];
    const hasOtherFacts = facts !== undefined && (await hosts.store(tx, server, { facts, at: ctx.now() }));
    const hasOtherHealth = health !== undefined && (await hosts.storeHealth(tx, server.id, health));
    if (hasOtherFacts || hasOtherHealth) tx.changed('SERVER', server.id);
  }

  private async announceKey(connection: AgentConnection, announced: IndexedFrame | undefined): Promise<FrameRefusal[]> {
    const keyRotation = announced && frameBody(announced.frame, 'keyRotation');
    if (!keyRotation) return [];
    const { rotation, gate } = this.parts;
    const { fenced, refused } = await gate.pass(() => rotation.announce(connection, keyRotation));
    if (fenced) throw new Superseded();
    return refused ? [{ index: announced.index, ...refused }] : [];
  }

  private async acceptTelemetry({ agent }: AgentConnection, frames: readonly IndexedFrame[]): Promise<FrameRefusal[]> {
    const refused: FrameRefusal[] = [];
    for (const { index, frame } of frames) {
      const telemetry = frameBody(frame, 'telemetry');
      if (!telemetry) continue;
      const report = await this.parts.telemetry.accept(agent, telemetry);
      if (report.fenced) throw new Superseded();
      // Samples that were refused are gone with the frame: the others of it are durable.
      const [first] = report.refused;
      if (first) refused.push({ index, code: 'SAMPLE_REFUSED', message: first.message });
    }
    return refused;
  }
}

/** Judging a wrong frame costs more than taking a right one: after this many the rest of a publish is not read. */
const MAX_MALFORMED = 32;
/** How long a publish is read at a stretch, while everybody else waits. */
const MAX_TURN_MS = 1;
/** Frames that are applied at a stretch: those with a signature cost most. */
const FRAMES_AT_A_STRETCH = 8;

const letOthersThrough = () => new Promise<void>((resolve) => setImmediate(resolve));

function inParts(frames: readonly IndexedFrame[]): IndexedFrame[][] {
  const count = Math.ceil(frames.length / FRAMES_AT_A_STRETCH);
  const from = (part: number) => part * FRAMES_AT_A_STRETCH;
  return Array.from({ length: count }, (_, part) => frames.slice(from(part), from(part + 1)));
}

function lastOf<Kind extends HostFrameKind>(frames: readonly IndexedFrame[], kind: Kind): FrameBody<Kind> | undefined {
  return frames.map(({ frame }) => frameBody(frame, kind)).findLast((body) => body !== undefined);
}

async function readFrames(received: readonly unknown[]): Promise<{ frames: IndexedFrame[]; refused: FrameRefusal[] }> {
  const frames: IndexedFrame[] = [];
  const refused: FrameRefusal[] = [];
  let beganAt = performance.now();
  for (const [index, value] of received.entries()) {
    const frame = refused.length < MAX_MALFORMED ? readAgentFrame(value) : null;
    if (frame && hasStorableTexts(frame)) frames.push({ index, frame });
    else refused.push({ index, code: 'MALFORMED', message: 'The frame is not in the form PROTOCOL.md gives' });
    if (performance.now() - beganAt < MAX_TURN_MS) continue;
    await letOthersThrough();
    beganAt = performance.now();
  }
  return { frames, refused };
}
