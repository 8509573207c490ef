import { LINK_LIMITS } from '@pilothouse/protocol';

/** States of a server as people see them. */
export enum ServerState {
  PENDING = 'PENDING',
  ONLINE = 'ONLINE',
  DEGRADED = 'DEGRADED',
  OFFLINE = 'OFFLINE',
  MAINTENANCE = 'MAINTENANCE',
  REVOKED = 'REVOKED',
}

/** Everything a server's state follows from. */
export interface ServerCondition {
  enrolledAt: Date | null;
  revokedAt: Date | null;
  deletedAt: Date | null;
  maintenance: boolean;
  /** Its queue is held because two instances of its identity took turns. */
  duplicateIdentity: boolean;
  connectedAt: Date | null;
  lastFrameAt: Date | null;
  disconnectedAt: Date | null;
  disconnectReason: string | null;
  checks: readonly { name: string; ok: boolean; message: string | null }[];
}

export interface StateView {
  state: ServerState;
  /** A sentence for people. */
  reason: string;
  /** Whether its agent is there to take commands, whatever the state says. */
  connected: boolean;
}

/**
 * The one place that says what state a server is in. `server-filter.sql.ts` says the same in SQL, for filters; a test
 * holds them against each other.
 */
export function stateOf(condition: ServerCondition, now: Date): StateView {
  if (condition.revokedAt !== null || condition.deletedAt !== null) {
    return {
      state: ServerState.REVOKED,
      reason: 'Its agent is no longer trusted. Enrol it again to use it.',
      connected: false,
    };
  }
  if (condition.enrolledAt === null) {
    return { state: ServerState.PENDING, reason: 'Its agent has not been enrolled yet.', connected: false };
  }
  const offline = offlineReason(condition, now);
  if (condition.maintenance) {
    const reason = offline ? `In maintenance. ${offline}` : 'In maintenance. Its agent is connected.';
    return { state: ServerState.MAINTENANCE, reason, connected: offline === null };
  }
  if (offline) return { state: ServerState.OFFLINE, reason: offline, connected: false };
  const trouble = troubleOf(condition);
  if (trouble) return { state: ServerState.DEGRADED, reason: trouble, connected: true };
  return { state: ServerState.ONLINE, reason: 'Its agent is connected.', connected: true };
}

/** A connection on which no frame has arrived for this long is taken for gone, whoever notices first. */
export function silentSince(now: Date): Date {
  return new Date(now.getTime() - LINK_LIMITS.silenceTimeoutMs);
}

function offlineReason(
  { connectedAt, lastFrameAt, disconnectedAt, disconnectReason }: ServerCondition,
  now: Date,
): string | null {
  if (connectedAt === null || lastFrameAt === null) return 'Its agent has not connected since it was enrolled.';
  if (disconnectedAt !== null) return `Offline: ${disconnectReason ?? 'its connection ended'}.`;
  if (lastFrameAt < silentSince(now)) return 'Offline: nothing was heard of its agent in time.';
  return null;
}

function troubleOf({ duplicateIdentity, checks }: ServerCondition): string | null {
  if (duplicateIdentity) {
    return 'Two agents use its identity by turns, so its commands wait. Enrol the right host again.';
  }
  const failed = checks.filter(({ ok }) => !ok);
  if (failed.length === 0) return null;
  return `Failing: ${failed.map(({ name, message }) => (message ? `${name} (${message})` : name)).join(', ')}.`;
}
