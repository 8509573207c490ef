/**
 * Codes with which sockets of Pilothouse are closed, beside graphql-ws's own (4400 to 4499).
 *
 * `retry`: what the closed side does. `backoff`: connects again after its usual back-off. `pause`: waits
 * `LINK_LIMITS.pauseMs` first. No code ends an agent's attempts for good: a code proves nothing of who sent it.
 */
export const CLOSE_CODES = {
  SUPERSEDED: { code: 4600, retry: 'pause', meaning: 'Another connection of the same identity has taken over' },
  REVOKED: { code: 4601, retry: 'pause', meaning: 'The server was revoked, or its identity is not known' },
  VERSION_TOO_OLD: { code: 4602, retry: 'pause', meaning: 'No protocol version in common: update the agent' },
  VERSION_TOO_NEW: { code: 4603, retry: 'backoff', meaning: 'No protocol version in common: update the control plane' },
  HANDSHAKE_REFUSED: { code: 4604, retry: 'backoff', meaning: 'The handshake’s proof was wrong or too late' },
  UNKNOWN_OPERATION: { code: 4605, retry: 'backoff', meaning: 'Not a published operation of the protocol' },
  SILENT: { code: 4606, retry: 'backoff', meaning: 'No frame was received in time' },
  RIGHTS_CHANGED: { code: 4607, retry: 'backoff', meaning: 'The session, token or rights of this socket ended' },
  TOO_MANY_SOCKETS: { code: 4608, retry: 'backoff', meaning: 'Too many connections of one principal or address' },
  TOO_MANY_OPERATIONS: { code: 4609, retry: 'backoff', meaning: 'Too many live operations on one socket' },
  MESSAGE_TOO_BIG: { code: 4610, retry: 'backoff', meaning: 'A message exceeds the size allowed here' },
  SHUTTING_DOWN: { code: 4611, retry: 'backoff', meaning: 'The control plane is stopping or restarting' },
  TOO_SLOW: {
    code: 4612,
    retry: 'backoff',
    meaning: 'The reader did not keep up; resume from the last sequence number',
  },
} as const satisfies Record<string, { code: number; retry: 'backoff' | 'pause'; meaning: string }>;

export type CloseReason = keyof typeof CLOSE_CODES;

/** The reason behind a close code of ours; null for any other code. */
export function closeReasonOf(code: number): CloseReason | null {
  const entry = Object.entries(CLOSE_CODES).find(([, value]) => value.code === code);
  return entry ? (entry[0] as CloseReason) : null;
}
