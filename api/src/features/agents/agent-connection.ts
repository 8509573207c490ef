import type { CloseReason } from '@pilothouse/protocol';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import type { AdmittedAgent } from './admitted-agent.js';

/** One connected agent on this replica. The context of every operation on its socket. */
export interface AgentConnection {
  readonly agent: AdmittedAgent;
  readonly ctx: WorkspaceContext;
  /** When the last frame arrived, by the wall clock of this replica. */
  lastFrameAt: Date;
  latencyMs: number | null;
  close(reason: CloseReason): void;
}

/** The agents connected to this replica, one connection each. */
export class AgentConnections {
  private readonly byServer = new Map<string, AgentConnection>();

  /** Takes in a connection. Of two of the same server the one with the older epoch is closed as superseded. */
  add(connection: AgentConnection): void {
    const { serverId, epoch } = connection.agent;
    const other = this.byServer.get(serverId);
    if (other && other.agent.epoch.counter > epoch.counter) return connection.close('SUPERSEDED');
    other?.close('SUPERSEDED');
    this.byServer.set(serverId, connection);
  }

  /** @returns whether it was still the server's connection here. */
  remove(connection: AgentConnection): boolean {
    const { serverId } = connection.agent;
    return this.byServer.get(serverId) === connection && this.byServer.delete(serverId);
  }

  get(serverId: string): AgentConnection | undefined {
    return this.byServer.get(serverId);
  }

  all(): AgentConnection[] {
    return [...this.byServer.values()];
  }
}
