import { LINK_LIMITS } from '@pilothouse/protocol';
import type { Database, WriteTransaction } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Gate } from '../../kernel/gate.js';
import type { Logger } from '../../kernel/log.js';
import { systemContext } from '../../kernel/request-context.js';
import type { AgentConnection, AgentConnections } from './agent-connection.js';
import type { AgentSessionRepository } from './agent-session.repository.js';

const DUE_POLL_MS = 1000;
const TOUCH_MS = 3000;
const SILENCE_SWEEP_MS = 2000;
/** A replica that died can no longer note silence: others do, a touch interval later than it would have. */
const ORPHAN_SILENCE_MS = LINK_LIMITS.silenceTimeoutMs + TOUCH_MS + SILENCE_SWEEP_MS;

export interface KeeperParts {
  database: Database;
  bus: EventBus;
  sessions: AgentSessionRepository;
  connections: AgentConnections;
  gate: Gate;
  log: Logger;
}

/** Keeps the database's picture of this replica's agents true, for all of them at once, and wakes those that have work. */
export class ConnectionKeeper {
  private timers: NodeJS.Timeout[] = [];
  private busy = new Set<string>();

  constructor(private readonly parts: KeeperParts) {}

  start(): void {
    this.timers = [
      setInterval(() => void this.once('due', () => this.wakeDue()), DUE_POLL_MS),
      setInterval(() => void this.once('touch', () => this.touch()), TOUCH_MS),
      setInterval(() => void this.once('silent', () => this.sweepSilent()), SILENCE_SWEEP_MS),
    ];
  }

  stop(): void {
    this.timers.forEach(clearInterval);
  }

  /** A connection is gone: says so, unless a newer one has already taken its place. */
  async lost(connection: AgentConnection, reason: string): Promise<void> {
    const { agent } = connection;
    this.parts.connections.remove(connection);
    const { serverId, epoch } = agent;
    await this.once(`lost:${serverId}:${epoch.counter}`, () =>
      this.disconnect(agent, (tx, at) =>
        this.parts.sessions.close(tx, serverId, { counter: epoch.counter, reason, at }),
      ),
    );
  }

  /** Closes sessions that a dead replica has left open. */
  async sweepSilent(now = new Date()): Promise<void> {
    const since = new Date(now.getTime() - ORPHAN_SILENCE_MS);
    const { sessions, connections } = this.parts;
    for (const server of await sessions.findSilent(since)) {
      const own = connections.get(server.serverId)?.agent.epoch.counter ?? null;
      const why = { since, except: own, reason: 'No frame was received for 20 s' };
      await this.disconnect(server, (tx, at) => sessions.closeSilent(tx, server.serverId, { ...why, at }));
    }
  }

  /** Notes that a server's connection is gone, where `close` finds one to end. */
  private async disconnect(
    { workspaceId, serverId }: { workspaceId: string; serverId: string },
    close: (tx: WriteTransaction, at: Date) => Promise<boolean>,
  ): Promise<void> {
    const { database, sessions, gate } = this.parts;
    const note = async (tx: WriteTransaction) => {
      const at = new Date();
      if (!(await close(tx, at))) return;
      tx.changed('SERVER', serverId);
      for (const commandId of await sessions.markUnreachable(tx, serverId, at)) tx.changed('COMMAND', commandId);
    };
    await gate.pass(() => database.write(systemContext(workspaceId, 'agent-disconnected'), note));
  }

  private async wakeDue(): Promise<void> {
    const connections = this.parts.connections.all();
    if (connections.length === 0) return;
    const at = new Date();
    const due = await this.parts.sessions.findDue(
      connections.map(({ agent }) => ({ serverId: agent.serverId, counter: agent.epoch.counter })),
      { at, sentBefore: new Date(at.getTime() - LINK_LIMITS.deliveryLeaseMs) },
    );
    for (const serverId of due) this.parts.bus.publish(`queue:${serverId}`);
  }

  private async touch(): Promise<void> {
    const connections = this.parts.connections.all();
    if (connections.length === 0) return;
    const current = await this.parts.sessions.touch(
      connections.map(({ agent, lastFrameAt, latencyMs }) => ({
        serverId: agent.serverId,
        counter: agent.epoch.counter,
        at: lastFrameAt,
        latencyMs,
      })),
    );
    for (const connection of connections) {
      if (!current.has(connection.agent.serverId)) await this.closeDisplaced(connection);
    }
  }

  /** It is not the server's open connection any more: a newer one is, or another replica took it for dead. */
  private async closeDisplaced(connection: AgentConnection): Promise<void> {
    const { serverId, epoch } = connection.agent;
    const isCurrent = await this.parts.database.read(connection.ctx, (tx) =>
      this.parts.sessions.isCurrent(tx, serverId, epoch),
    );
    connection.close(isCurrent ? 'SILENT' : 'SUPERSEDED');
  }

  /** One run of a task at a time; a failure is logged and the next run tries again. */
  private async once(task: string, work: () => Promise<void>): Promise<void> {
    if (this.busy.has(task)) return;
    this.busy.add(task);
    try {
      await work();
    } catch (error) {
      this.parts.log.warn({ err: error, task }, 'Keeping the agents’ sessions failed; it is tried again');
    } finally {
      this.busy.delete(task);
    }
  }
}
