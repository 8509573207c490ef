import type { Epoch, KnownAgent } from './agent-session.repository.js';

/** An agent whose handshake has succeeded. */
export interface AdmittedAgent extends KnownAgent {
  epoch: Epoch;
  protocolVersion: number;
  instanceId: string;
  agentVersion: string;
}
