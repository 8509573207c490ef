import type { LinkLimits } from '../kernel/limits.js';

export type LinkState = 'IDLE' | 'CONNECTING' | 'HANDSHAKING' | 'ONLINE' | 'BACKING_OFF' | 'PAUSED';

/** Timers of a busy host fire late. */
const GRACE_MS = 10_000;

/** What the link shows of its progress; times are of the monotonic clock. */
export interface LinkMoment {
  state: LinkState;
  enteredMs: number;
  /** When the control plane was last heard on this connection. */
  heardMs: number;
  /** How long it meant to wait in this state; 0 where it does not wait. */
  waitMs: number;
}

/**
 * Whether the link hangs: it is in a state for longer than that state's own deadline, so that the timer which should have
 * ended it was lost. A control plane that is away is no such case: the link then goes from state to state in time.
 */
export function isStalled(moment: LinkMoment, limits: LinkLimits, nowMs: number): boolean {
  const { state, enteredMs, heardMs, waitMs } = moment;
  const { connectTimeoutMs, handshakeTimeoutMs, silenceTimeoutMs } = limits;
  const deadlines: Record<LinkState, number> = {
    IDLE: Infinity,
    // A keyset may have to be fetched before.
    CONNECTING: enteredMs + 2 * connectTimeoutMs,
    HANDSHAKING: enteredMs + handshakeTimeoutMs,
    ONLINE: Math.max(enteredMs, heardMs) + silenceTimeoutMs,
    BACKING_OFF: enteredMs + waitMs,
    PAUSED: enteredMs + waitMs,
  };
  return nowMs > deadlines[state] + GRACE_MS;
}
