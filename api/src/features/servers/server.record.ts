import { healthFrameSchema, hostFactsSchema, type HostFacts } from '@pilothouse/protocol';
import { stateOf, type ServerCondition, type StateView } from './server.state.js';

/** The open alert about instructions that its agent refused as not genuine. */
export interface IntegrityAlertRecord {
  /** As JSON has it. */
  raisedAt: string;
  reason: string;
  commandId: string;
  count: number;
}

/** A server as it is stored, with its tags and its latest connection. */
export interface ServerRecord {
  id: string;
  name: string;
  description: string;
  groupId: string | null;
  profile: string;
  scopes: string[];
  protected: boolean;
  maintenance: boolean;
  concurrency: number;
  generation: number;
  queueHeld: boolean;
  facts: unknown;
  factsAt: Date | null;
  health: unknown;
  createdAt: Date;
  enrolledAt: Date | null;
  revokedAt: Date | null;
  deletedAt: Date | null;
  /** Set by people: what grants go by. */
  tags: string[];
  /** Found by the agent. */
  automaticTags: string[];
  agentVersion: string | null;
  protocolVersion: number | null;
  connectedAt: Date | null;
  lastFrameAt: Date | null;
  disconnectedAt: Date | null;
  disconnectReason: string | null;
  latencyMs: number | null;
  integrityAlert: IntegrityAlertRecord | null;
}

export type Check = ServerCondition['checks'][number];

/** What the agent last said of its host; null when it has said nothing that can be read. */
export function factsOf(record: Pick<ServerRecord, 'facts'>): HostFacts | null {
  return hostFactsSchema.safeParse(record.facts).data ?? null;
}

export function checksOf(record: Pick<ServerRecord, 'health'>): Check[] {
  return healthFrameSchema.safeParse(record.health).data?.checks ?? [];
}

export function viewState(record: ServerRecord, now: Date): StateView {
  return stateOf({ ...record, duplicateIdentity: record.queueHeld, checks: checksOf(record) }, now);
}
