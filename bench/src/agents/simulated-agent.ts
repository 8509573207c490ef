import { randomInt } from 'node:crypto';
import {
  ControlPlaneClock,
  Link,
  ReportSource,
  Sampler,
  type HostReader,
  type Keyring,
  type Log,
} from '@pilothouse/agent';
import { LINK_LIMITS, readSigningKey, type HostFacts } from '@pilothouse/protocol';
import { FrameList } from './frame-list.js';
import { pretendToRun, type CommandWriting, type ReceivedEnvelope } from './simulated-command.js';

/** An identity that the control plane knows. */
export interface SimulatedIdentity {
  agentId: string;
  serverId: string;
  workspaceId: string;
  /** PEM. */
  privateKey: string;
}

export interface SimulatedAgentOptions {
  identity: SimulatedIdentity;
  url: string;
  keyring: Keyring;
  rootFingerprint: string;
  facts: HostFacts;
  /** Figures of this machine, read once for all agents. */
  reader: Pick<HostReader, 'read'>;
  writing: CommandWriting;
  log: Log;
}

/** As long as the real one, so that a fleet reports over two seconds and not at once. */
const MAX_PHASE_MS = 2000;
/** An hour of samples. */
const MAX_TICKS = 360;
const MAX_PIECES = 10_000;

/**
 * One of many agents in a process: the real link with the real handshake, the real sampler on this machine's figures.
 * Nothing is on disk, and a command is only pretended to run.
 */
export class SimulatedAgent {
  /** Samples made, delivered or not. */
  made = 0;
  readonly telemetry = new FrameList('telemetry', MAX_TICKS);
  private readonly control = new FrameList('control', MAX_PIECES);
  private readonly stream = new FrameList('stream', MAX_PIECES);
  private readonly reports = new ReportSource();
  private readonly sampler: Sampler;
  private readonly link: Link;

  constructor(private readonly options: SimulatedAgentOptions) {
    const { identity, url, keyring, rootFingerprint, facts, reader, log } = options;
    const clock = new ControlPlaneClock();
    const { agentId, serverId, workspaceId } = identity;
    const signingKey = readSigningKey(identity.privateKey);
    this.sampler = new Sampler({
      reader,
      clock: { now: () => clock.estimate() },
      allowed: () => true,
      phaseMs: randomInt(MAX_PHASE_MS),
      onTick: async ({ sample, parts }) => {
        this.made += 1;
        this.telemetry.add({ telemetry: { samples: [sample], parts } });
      },
      onError: (error) => log.error('A sample was not made', { reason: String(error) }),
    });
    this.link = new Link({
      address: { url, tls: undefined, timeoutMs: LINK_LIMITS.connectTimeoutMs },
      party: {
        identity: {
          agentId,
          serverId,
          workspaceId,
          generation: 1,
          url,
          rootFingerprint,
          tlsPin: null,
          signingKey,
          keySince: new Date().toISOString(),
        },
        keyring,
        audience: url,
        bootId: facts.bootId,
      },
      limits: LINK_LIMITS,
      clock,
      sources: [this.reports, this.control, this.stream, this.telemetry],
      log,
      onOnline: async () => {
        this.reports.reportFacts(facts);
        this.reports.reportHealth({ checks: [{ name: 'metrics', ok: true, message: null }] });
      },
      onInstruction: (instruction) => {
        if (!isEnvelope(instruction)) return;
        const { control, stream } = this;
        void pretendToRun(
          instruction,
          { agentId, signingKey, bootId: facts.bootId, control, stream },
          this.options.writing,
        );
      },
    });
  }

  async start(): Promise<void> {
    this.link.start();
    await this.sampler.start();
  }

  /** Whether it is connected, since this moment or a later one. */
  isOnlineSince(sinceMs: number): boolean {
    const { state, since } = this.link.status();
    return state === 'ONLINE' && Date.parse(since) >= sinceMs;
  }

  stopSampling(): Promise<void> {
    return this.sampler.stop();
  }

  async stop(): Promise<void> {
    await this.sampler.stop();
    await this.link.stop();
  }
}

function isEnvelope(instruction: unknown): instruction is ReceivedEnvelope {
  return (instruction as { __typename?: string }).__typename === 'EnvelopeInstruction';
}
