import type { HealthFrame, SignedEnvelope } from '@pilothouse/protocol';
import type { FrameSource } from './frame-source.js';

/** A signed envelope as the control plane delivers it; nothing in it is verified yet. */
export interface Delivery {
  deliveryId: string;
  envelope: SignedEnvelope;
}

export interface StopOptions {
  /** End what runs. Otherwise it goes on without the agent, where it can. */
  cancelRunning: boolean;
  /** Told of what is ended. */
  reason: string;
}

/** What `pilothouse-agent status` shows of a capability. */
export interface CapabilityStatus {
  /** For people: how it is, then one line for each thing it is at. */
  lines: readonly string[];
  /** The same for programs; null while it is switched off. */
  figures: Readonly<Record<string, unknown>> | null;
}

/**
 * What the agent can do on its host. Only `main/capabilities.ts` knows which there are.
 *
 * Its life: `start`, before the link connects; `connected`, after every handshake; `stop`, after which the link still
 * tells what the sources have; `close`.
 */
export interface Capability {
  /** As it is shown to people, in lower case. */
  readonly name: string;
  /** What it has to tell: all of them before `start`, to be asked until `close`. */
  readonly sources: readonly FrameSource[];
  /** Finds again what a former process left, and goes to work. */
  start(): Promise<void>;
  /** Tells that the control plane's time, and what envelopes are judged against, are known anew. */
  connected?(): void;
  /** Verifies and takes an instruction; resolves when it is on disk, or refused. Never throws over what it is given. */
  accept?(delivery: Delivery): Promise<void>;
  /** Takes and starts nothing more; resolves when the sources have what came of that. */
  stop?(options: StopOptions): Promise<void>;
  /** Leaves nothing open. What was not told stays on disk for the next start. */
  close(): Promise<void>;
  /** What the control plane should know of its health. */
  checks?(): HealthFrame['checks'];
  status(): CapabilityStatus;
}
