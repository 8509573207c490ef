/** The agents' side of the api: handshake, epochs, instructions out, frames in. */
import type { GraphQLSchema } from 'graphql';
import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { Gate } from '../../kernel/gate.js';
import { buildResolverSchema } from '../../kernel/graphql/resolver-schema.js';
import type { LiveSockets } from '../../kernel/live-sockets.js';
import type { Logger } from '../../kernel/log.js';
import type { RateLimits } from '../../kernel/rate-limits.js';
import type { DeliveryRepository, ReportService, StandingRights } from '../commands/index.js';
import type { HostFactsRepository } from '../servers/index.js';
import { AgentConnections } from './agent-connection.js';
import { AgentGateway } from './agent-gateway.js';
import { AgentKeyRepository } from './agent-key.repository.js';
import { AgentResolver } from './agent.resolver.js';
import { AgentSessionRepository } from './agent-session.repository.js';
import { ConnectionKeeper } from './connection-keeper.js';
import { HandshakeService, type ControlPlaneIdentity } from './handshake.service.js';
import { InstructionService } from './instruction.service.js';
import { KeyRotationService } from './key-rotation.service.js';
import { SPOKEN_PROTOCOL, type SpokenProtocol } from './published-operations.js';
import { PublishService, type TelemetrySink } from './publish.service.js';

export type { ControlPlaneIdentity } from './handshake.service.js';
export type { AgentGateway } from './agent-gateway.js';
export type { SpokenProtocol } from './published-operations.js';
export type { TelemetrySink } from './publish.service.js';

export interface AgentsParts {
  database: Database;
  bus: EventBus;
  log: Logger;
  sockets: LiveSockets;
  rateLimits: RateLimits;
  controlPlane: ControlPlaneIdentity;
  deliveries: DeliveryRepository;
  standing: StandingRights;
  reports: ReportService;
  telemetry: TelemetrySink;
  hosts: HostFactsRepository;
  replicaId: string;
  isTrustworthy: () => boolean;
  /** What agents may speak; `SPOKEN_PROTOCOL` if not given. */
  protocol?: SpokenProtocol;
  /** A socket on which no frame arrives for this long is closed; 20 s if not given. */
  silenceTimeoutMs?: number;
}

/**
 * Agents that change something at a time. Each holds a connection of the database while it waits for its turn to number
 * the change; when a thousand come back at once, people and the look-up of revocations need the others.
 */
const CHANGES_AT_ONCE = 8;

export async function createAgentsFeature(
  parts: AgentsParts,
): Promise<{ gateway: AgentGateway; keeper: ConnectionKeeper; schema: GraphQLSchema }> {
  const { protocol = SPOKEN_PROTOCOL } = parts;
  const sessions = new AgentSessionRepository(parts.database);
  const connections = new AgentConnections();
  const gate = new Gate(CHANGES_AT_ONCE);
  const instructions = new InstructionService({ ...parts, gate });
  const rotation = new KeyRotationService({ ...parts, sessions, keys: new AgentKeyRepository() });
  const publish = new PublishService({ ...parts, sessions, rotation, gate });
  const schema = await buildResolverSchema([new AgentResolver({ publish })]);
  const keeper = new ConnectionKeeper({ ...parts, sessions, connections, gate });
  const handshake = new HandshakeService({ ...parts, sessions, rotation, protocol });
  return {
    gateway: new AgentGateway({
      ...parts,
      protocol,
      schema,
      gate,
      handshake,
      instructions,
      publish,
      connections,
      keeper,
    }),
    keeper,
    schema,
  };
}

/** The agent schema alone, for generating `agent/protocol/agent.graphql`. */
export function describeAgentSchema(): Promise<GraphQLSchema> {
  return buildResolverSchema([Object.create(AgentResolver.prototype) as AgentResolver]);
}
