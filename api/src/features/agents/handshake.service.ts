import {
  agentHelloSchema,
  generateEphemeralKey,
  negotiateVersion,
  sha256,
  signAck,
  verifyHello,
  type AgentHello,
  type AuditAnchor,
  type CloseReason,
  type ControlPlaneAck,
  type SignedKeyset,
  type SigningKey,
} from '@pilothouse/protocol';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Database } from '../../kernel/database/index.js';
import type { Logger } from '../../kernel/log.js';
import { isStorable } from '../../kernel/storable-text.js';
import { systemContext } from '../../kernel/request-context.js';
import type { AgentSessionRepository, Epoch, KnownAgent } from './agent-session.repository.js';
import type { SpokenProtocol } from './published-operations.js';

/** What the control plane shows agents of itself. */
export interface ControlPlaneFace {
  identityKey: SigningKey;
  /** The configured public origins. An agent's `audience` must be one of them; no header decides. */
  audiences: readonly string[];
  keyset(): Promise<{ version: number; signed: SignedKeyset }>;
  /** The last signed place of a workspace's audit chain; null before the first. */
  latestAnchor(workspaceId: string): Promise<AuditAnchor | null>;
}

/** An agent whose handshake has succeeded. */
export interface AdmittedAgent extends KnownAgent {
  epoch: Epoch;
  instanceId: string;
  agentVersion: string;
}

export type Handshake = { ok: true; agent: AdmittedAgent; ack: ControlPlaneAck } | { ok: false; reason: CloseReason };

export interface HandshakeRequest {
  /** As received in connection_init. */
  hello: unknown;
  /** The challenge this socket was given in its 101 response; null when it was already used. */
  challenge: string | null;
  address: string;
}

export interface HandshakeParts {
  database: Database;
  sessions: AgentSessionRepository;
  face: ControlPlaneFace;
  protocol: SpokenProtocol;
  replicaId: string;
  log: Logger;
}

/** Each is kept in the server's history and read by everybody who follows it: more are refused until the minute is over. */
export const CONNECTS_OF_ONE_AGENT = { points: 60, duration: 60 } as const;

/** Proves both sides to each other and raises the epoch. It trusts no clock but its own, and no header at all. */
export class HandshakeService {
  private readonly connects = new RateLimiterMemory(CONNECTS_OF_ONE_AGENT);

  constructor(private readonly parts: HandshakeParts) {}

  async shake({ hello: received, challenge, address }: HandshakeRequest, now = new Date()): Promise<Handshake> {
    const parsed = agentHelloSchema.safeParse(received);
    if (!parsed.success) return refuse('HANDSHAKE_REFUSED');
    const hello = parsed.data;
    if (!isStorable([hello.bootId, hello.agentVersion])) return refuse('HANDSHAKE_REFUSED');
    const version = negotiateVersion(hello.versions, this.parts.protocol.versions);
    if (!version.ok) return refuse(version.problem);
    const { identityKey, audiences } = this.parts.face;
    if (hello.controlPlaneKeyId !== identityKey.keyId || !audiences.includes(hello.audience)) {
      this.parts.log.warn({ audience: hello.audience, address }, 'An agent expects another control plane');
      return refuse('HANDSHAKE_REFUSED');
    }
    const known = await this.parts.sessions.findAgent(hello.agentId);
    if (!known || known.revoked) return refuse('REVOKED');
    if (!verifyHello(hello, known.publicKey) || !(await this.isFresh(hello, challenge)))
      return refuse('HANDSHAKE_REFUSED');
    if (!(await this.mayConnect(hello.agentId))) return refuse('TOO_MANY_SOCKETS');
    const epoch = await this.raiseEpoch(hello, known, { address, version: version.version, now });
    const agent = { ...known, epoch, instanceId: hello.instanceId, agentVersion: hello.agentVersion };
    return { ok: true, agent, ack: await this.acknowledge(hello, agent, { version: version.version, now }) };
  }

  /** Whether the identity is still good, and of the generation it was admitted with. */
  async stillStands({ agentId, epoch }: AdmittedAgent): Promise<boolean> {
    const known = await this.parts.sessions.findAgent(agentId);
    return known !== null && !known.revoked && known.generation === epoch.generation;
  }

  /** Asked of proven agents only, so that nobody can use up another's connections. */
  private async mayConnect(agentId: string): Promise<boolean> {
    return this.connects.consume(agentId).then(
      () => true,
      (rejection: unknown) => {
        if (rejection instanceof RateLimiterRes) return false;
        throw rejection;
      },
    );
  }

  /** The socket's own challenge, or one that was asked for where a proxy strips the header; either is used once. */
  private async isFresh(hello: AgentHello, challenge: string | null): Promise<boolean> {
    if (challenge !== null && hello.challenge === challenge) return true;
    return this.parts.sessions.spendChallenge(hello.agentId, sha256(hello.challenge));
  }

  private raiseEpoch(
    hello: AgentHello,
    { serverId, workspaceId, generation }: KnownAgent,
    { address, version, now }: { address: string; version: number; now: Date },
  ): Promise<Epoch> {
    const { database, sessions, replicaId, log } = this.parts;
    return database.write(systemContext(workspaceId, 'handshake'), async (tx) => {
      const before = await sessions.lockForHandshake(tx, { serverId, workspaceId, generation });
      const counter = before.counter + 1;
      const displaces =
        before.disconnectedAt === null && before.instanceId !== null && before.instanceId !== hello.instanceId;
      const returns = displaces && before.displacedInstanceId === hello.instanceId;
      if (returns) {
        log.error({ serverId }, 'Two instances of one identity take turns: its queue is held');
        await sessions.holdQueue(tx, serverId);
        tx.audit({ action: 'duplicate-identity-found', target: { kind: 'SERVER', id: serverId }, detail: { address } });
      }
      await sessions.open(
        tx,
        {
          serverId,
          workspaceId,
          generation,
          instanceId: hello.instanceId,
          replicaId,
          bootId: hello.bootId,
          agentVersion: hello.agentVersion,
          protocolVersion: version,
          address,
          at: now,
        },
        { counter, displacedInstanceId: displaces ? before.instanceId : before.displacedInstanceId },
      );
      for (const commandId of await sessions.markReachable(tx, serverId)) tx.changed('COMMAND', commandId);
      tx.changed('SERVER', serverId);
      return { generation, counter };
    });
  }

  private async acknowledge(
    hello: AgentHello,
    { serverId, workspaceId, epoch }: AdmittedAgent,
    { version, now }: { version: number; now: Date },
  ): Promise<ControlPlaneAck> {
    const { face } = this.parts;
    const keyset = await face.keyset();
    return signAck(
      face.identityKey,
      {
        version,
        serverId,
        workspaceId,
        epoch,
        time: now.toISOString(),
        // Nothing is sealed to agents yet; the key is part of the handshake so that sealing needs no new version.
        ephemeralKey: generateEphemeralKey().publicKey,
        keysetVersion: keyset.version,
        keyset: keyset.signed,
        anchor: await face.latestAnchor(workspaceId),
      },
      hello,
    );
  }
}

function refuse(reason: CloseReason): Handshake {
  return { ok: false, reason };
}
