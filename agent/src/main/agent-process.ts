import { LINK_LIMITS, type ControlPlaneAck, type EnvelopeExpectation } from '@pilothouse/protocol';
import { collectFacts } from '../capabilities/facts/index.js';
import { readBootId } from '../kernel/boot-id.js';
import type { Capability } from '../kernel/capability.js';
import { ControlPlaneClock } from '../kernel/control-plane-clock.js';
import type { ServiceEnvironment } from '../kernel/environment.js';
import { HostPolicyFile } from '../kernel/host-policy.js';
import { describeError, type Log } from '../kernel/log.js';
import type { AgentConfig } from '../kernel/settings.js';
import type { StateDirectory } from '../kernel/state-directory.js';
import { AGENT_VERSION } from '../kernel/version.js';
import { AnchorLog } from '../link/anchor-log.js';
import { storeIdentity, type Identity } from '../link/identity.js';
import { instructionSchema, type Instruction } from '../link/instruction.js';
import { keyAgeDays } from '../link/key-age.js';
import { KeyRotation } from '../link/key-rotation.js';
import { Keyring } from '../link/keyring.js';
import { Link } from '../link/link.js';
import { ReportSource } from '../link/report-source.js';
import { addressOf } from './address.js';
import { openCapabilities } from './capabilities.js';
import { healthOf } from './health.js';
import { HostReports } from './host-reports.js';
import { ServiceNotifier } from './service-notifier.js';
import { serveStatus, type AgentStatus } from './status-socket.js';

export interface AgentProcessOptions {
  config: AgentConfig;
  state: StateDirectory;
  identity: Identity;
  log: Log;
  service: ServiceEnvironment;
}

/** How long a stopping agent gives its last results to the control plane. */
const DRAIN_MS = 2000;

interface Parts extends AgentProcessOptions {
  keyring: Keyring;
  clock: ControlPlaneClock;
  capabilities: readonly Capability[];
  hostPolicy: HostPolicyFile;
  rotation: KeyRotation;
  bootId: string;
}

/** Everything that runs while the agent runs. The caller holds the lock of the state directory. */
export class AgentProcess {
  private readonly startedAt = new Date();
  private readonly reports: HostReports;
  private readonly anchors: AnchorLog;
  private readonly link: Link;
  private readonly notifier: ServiceNotifier;
  private readonly underWay = new Set<Promise<void>>();
  private closeStatus: () => Promise<void> = async () => {};

  /** Recovers what a former process left before the first packet is sent. */
  static async start(options: AgentProcessOptions): Promise<AgentProcess> {
    const { config, state, identity, log } = options;
    const keyring = await Keyring.load(state.keyset, identity.rootFingerprint);
    const clock = new ControlPlaneClock();
    const bootId = await readBootId();
    const expectation = () => expectationOf({ keyring, clock, identity });
    const hostPolicy = new HostPolicyFile(config.hostPolicy);
    const capabilities = await openCapabilities({ config, state, identity, expectation, clock, hostPolicy, log });
    const rotation = await KeyRotation.open({
      identity,
      files: state,
      intervalDays: config.keyRotationDays,
      clock,
      log,
      reconnect: (cause) => agent.link.reconnect(cause),
    });
    const agent: AgentProcess = new AgentProcess({
      ...options,
      keyring,
      clock,
      capabilities,
      hostPolicy,
      rotation,
      bootId,
    });
    for (const capability of capabilities) await capability.start();
    const { runtimeDirectory } = options.service;
    agent.closeStatus = await serveStatus({ path: state.socket, runtimeDirectory }, () => agent.status());
    agent.reports.start();
    rotation.start();
    agent.link.start();
    agent.notifier.start();
    return agent;
  }

  private constructor(private readonly parts: Parts) {
    const { config, state, identity, keyring, clock, capabilities, hostPolicy, rotation, bootId, log, service } = parts;
    const source = new ReportSource();
    this.anchors = new AnchorLog(state.anchors, keyring);
    this.reports = new HostReports({
      source,
      facts: () => collectFacts({ agentVersion: AGENT_VERSION }),
      health: () => healthOf(hostPolicy, capabilities),
      log,
    });
    this.link = new Link({
      address: addressOf(placeOf(config, identity), config),
      party: { identity, keyring, audience: placeOf(config, identity).url, bootId, nextKey: () => rotation.nextKey() },
      limits: LINK_LIMITS,
      clock,
      sources: [source, rotation, ...capabilities.flatMap(({ sources }) => sources)],
      log,
      onOnline: (ack) => this.connected(ack),
      onInstruction: (instruction) => this.obey(instruction),
    });
    this.notifier = new ServiceNotifier({ environment: service, link: this.link, log });
  }

  /** Ends in order: what capabilities end when they stop can still be told before the link goes. */
  async stop(reason: string): Promise<void> {
    const { config, capabilities, rotation } = this.parts;
    await this.notifier.stop();
    this.reports.stop();
    rotation.stop();
    const cancelRunning = config.onStop === 'cancel';
    await Promise.all(capabilities.map(async (capability) => capability.stop?.({ cancelRunning, reason })));
    await this.link.stop(DRAIN_MS);
    await Promise.all(this.underWay);
    await Promise.all(capabilities.map((capability) => capability.close()));
    await this.closeStatus();
  }

  private status(): AgentStatus {
    const { identity, config, capabilities, clock } = this.parts;
    return {
      version: AGENT_VERSION,
      pid: process.pid,
      startedAt: this.startedAt.toISOString(),
      serverId: identity.serverId,
      url: placeOf(config, identity).url,
      link: this.link.status(),
      key: { id: identity.signingKey.keyId, ageDays: keyAgeDays(identity, clock.estimate()) },
      capabilities: Object.fromEntries(capabilities.map((capability) => [capability.name, capability.status()])),
    };
  }

  private async connected(ack: ControlPlaneAck): Promise<void> {
    const { keyset, epoch, anchor } = ack;
    const { identity, keyring, state, capabilities, rotation } = this.parts;
    if (keyset) await keyring.adopt(keyset);
    if (epoch.generation > identity.generation) {
      await storeIdentity(state.identity, { ...identity, generation: epoch.generation });
      identity.generation = epoch.generation;
    }
    await rotation.connected(ack);
    if (anchor) this.finish(this.anchors.keep(anchor), 'An audit anchor was not kept');
    for (const capability of capabilities) capability.connected?.();
    this.reports.connected();
  }

  /** Each kind proves itself by its own signature; nothing is believed because of the connection it came by. */
  private obey(received: unknown): void {
    const { log } = this.parts;
    const parsed = instructionSchema.safeParse(received);
    if (!parsed.success) {
      log.error('An instruction is not in a form that this agent knows');
      return;
    }
    this.finish(this.carryOut(parsed.data), `The ${parsed.data.__typename} was not carried out`);
  }

  /** Follows work that nobody waits for, but that a stop lets finish. */
  private finish(work: Promise<void>, failure: string): void {
    const followed: Promise<void> = work
      .catch((error: unknown) => this.parts.log.error(failure, { reason: describeError(error) }))
      .finally(() => this.underWay.delete(followed));
    this.underWay.add(followed);
  }

  private async carryOut(instruction: Instruction): Promise<void> {
    const { keyring, capabilities } = this.parts;
    switch (instruction.__typename) {
      case 'EnvelopeInstruction': {
        const { deliveryId, keyId } = instruction;
        const bytes = Buffer.from(instruction.bytes, 'base64');
        const envelope = { bytes, keyId, signature: Buffer.from(instruction.envelopeSignature, 'base64') };
        const taker = capabilities.find((capability) => capability.accept !== undefined);
        const taken = taker?.accept?.({ deliveryId, envelope });
        if (!taken) throw new Error('Commands are switched off in the configuration of this agent');
        return taken;
      }
      case 'KeysetInstruction': {
        const { rootPublicKey, keyset, signature } = instruction;
        return keyring.adopt({ rootPublicKey, keyset, signature });
      }
      case 'AnchorInstruction': {
        const { __typename: _kind, ...anchor } = instruction;
        return this.anchors.keep(anchor);
      }
    }
  }
}

/** The configuration may move an agent to another address of the same control plane. */
function placeOf(config: AgentConfig, identity: Identity) {
  return { url: config.url ?? identity.url, tlsPin: config.tlsPin ?? identity.tlsPin };
}

function expectationOf({
  keyring,
  clock,
  identity,
}: Pick<Parts, 'keyring' | 'clock' | 'identity'>): EnvelopeExpectation | null {
  if (!clock.isSet) return null;
  const { serverId, generation } = identity;
  return { commandKeys: keyring.keyset.command, serverId, generation, now: clock.now() };
}
