import type { Scope } from '@pilothouse/protocol';
import type { ServerProfile } from './permission.types.js';
import { checksOf, factsOf, viewState, type ServerRecord } from './server.record.js';
import { IntegrityAlert, Server, ServerFacts } from './server.types.js';

/** A server as the API shows it at this moment. */
export function toServerNode(record: ServerRecord, now: Date): Server {
  const { state, reason, connected } = viewState(record, now);
  return Object.assign(new Server(), {
    id: record.id,
    name: record.name,
    description: record.description,
    groupId: record.groupId,
    tags: record.tags,
    automaticTags: record.automaticTags,
    profile: record.profile as ServerProfile,
    scopes: record.scopes as Scope[],
    protected: record.protected,
    maintenance: record.maintenance,
    concurrency: record.concurrency,
    state,
    stateReason: reason,
    connected,
    lastSeenAt: record.lastFrameAt,
    connectedAt: record.connectedAt,
    disconnectReason: record.disconnectReason,
    latencyMs: record.latencyMs,
    facts: toFacts(record),
    healthChecks: checksOf(record),
    agentVersion: record.agentVersion ?? factsOf(record)?.agentVersion ?? null,
    protocolVersion: record.protocolVersion,
    duplicateIdentity: record.queueHeld,
    queueHeld: record.queueHeld,
    integrityAlert: toIntegrityAlert(record),
    createdAt: record.createdAt,
    enrolledAt: record.enrolledAt,
  });
}

function toIntegrityAlert({ integrityAlert: alert }: ServerRecord): IntegrityAlert | null {
  return alert && Object.assign(new IntegrityAlert(), alert, { raisedAt: new Date(alert.raisedAt) });
}

function toFacts(record: ServerRecord): ServerFacts | null {
  const facts = factsOf(record);
  if (!facts || !record.factsAt) return null;
  return Object.assign(new ServerFacts(), facts, { bootedAt: new Date(facts.bootedAt), reportedAt: record.factsAt });
}
