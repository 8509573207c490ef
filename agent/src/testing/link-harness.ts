import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  generateSigningKey,
  LINK_LIMITS,
  type PublicKeyText,
  type SignedKeyset,
  type VersionRange,
} from '@pilothouse/protocol';
import { ControlPlaneClock } from '../kernel/control-plane-clock.js';
import type { FrameSource } from '../kernel/frame-source.js';
import type { LinkLimits } from '../kernel/limits.js';
import type { Identity } from '../link/identity.js';
import { Keyring } from '../link/keyring.js';
import type { LinkState } from '../link/link-state.js';
import { Link } from '../link/link.js';
import { AsyncQueue } from './async-queue.js';
import { RecordedLog } from './recorded-log.js';

/** The limits of the link, in the same proportions but short enough to wait for. */
export const SHORT_LIMITS: LinkLimits = {
  ...LINK_LIMITS,
  connectTimeoutMs: 300,
  handshakeTimeoutMs: 300,
  heartbeatIntervalMs: 200,
  silenceTimeoutMs: 400,
  publishTimeoutMs: 400,
  initialBackoffMs: 5,
  maxFreshBackoffMs: 20,
  maxBackoffMs: 40,
  pauseMs: 250,
};

export interface HarnessOptions {
  /** Where the agent connects to, when not straight to the control plane. */
  url?: string;
  limits?: Partial<LinkLimits>;
  sources?: readonly FrameSource[];
  /** What the agent speaks, where that is not all that it could. */
  versions?: VersionRange;
}

type Enrolled = Pick<Identity, 'agentId' | 'serverId' | 'workspaceId'>;

/** A control plane that takes agents in: the scripted one, or a real one. */
export interface EnrollingControlPlane {
  /** Its public origin. */
  url: string;
  generation: number;
  keys: { pin: string; keyset(): SignedKeyset };
  addAgent(publicKey: PublicKeyText): Enrolled | Promise<Enrolled>;
}

/** A link with an identity that the control plane knows. */
export class LinkHarness {
  readonly log = new RecordedLog();
  readonly clock = new ControlPlaneClock();
  readonly instructions = new AsyncQueue<unknown>();
  readonly link: Link;

  private constructor(
    readonly directory: string,
    readonly identity: Identity,
    readonly keyring: Keyring,
    { url = identity.url, limits, versions, sources = [] }: HarnessOptions,
  ) {
    this.link = new Link({
      address: { url, tls: undefined, timeoutMs: SHORT_LIMITS.connectTimeoutMs },
      party: { identity, keyring, audience: identity.url, bootId: 'boot', ...(versions && { versions }) },
      limits: { ...SHORT_LIMITS, ...limits },
      clock: this.clock,
      sources,
      log: this.log,
      onOnline: async ({ keyset }) => {
        if (keyset) await keyring.adopt(keyset);
      },
      onInstruction: (instruction) => this.instructions.push(instruction),
    });
  }

  static async start(controlPlane: EnrollingControlPlane, options: HarnessOptions = {}): Promise<LinkHarness> {
    const directory = await mkdtemp(join(tmpdir(), 'ph-link-'));
    const signingKey = generateSigningKey();
    const { agentId, serverId, workspaceId } = await controlPlane.addAgent(signingKey.publicKey);
    const { url, keys } = controlPlane;
    const path = join(directory, 'keyset.json');
    await Keyring.store(path, keys.keyset());
    const keyring = await Keyring.load(path, keys.pin);
    const place = { url, rootFingerprint: keys.pin, tlsPin: null };
    const keySince = new Date().toISOString();
    const generation = controlPlane.generation;
    const identity = { agentId, serverId, workspaceId, generation, ...place, signingKey, keySince };
    const harness = new LinkHarness(directory, identity, keyring, options);
    harness.link.start();
    return harness;
  }

  /** Every state entered so far, in order. */
  get states(): LinkState[] {
    return this.log.entries.filter(({ message }) => message === 'Link').map(({ fields }) => fields.state as LinkState);
  }

  /** Waits until the state is entered, at the earliest as the entry of the log numbered `from`. */
  async reached(state: LinkState, from = 0): Promise<void> {
    await this.log.waitFor(({ message, fields }) => message === 'Link' && fields.state === state, from);
  }

  /** Waits for the state to be entered again. */
  async reachedAgain(state: LinkState): Promise<void> {
    await this.reached(state, this.log.entries.length);
  }

  /** Why the link says it is not connected. */
  async failure(): Promise<string> {
    const entry = await this.log.waitFor(({ message }) => message === 'Not connected');
    return String(entry.fields.reason);
  }

  async stop(): Promise<void> {
    await this.link.stop();
    await rm(this.directory, { recursive: true });
  }
}
