import {
  agentHelloSchema,
  generateEphemeralKey,
  KEY_ROTATION_SINCE,
  negotiateVersion,
  sha256,
  signAck,
  verifyHello,
  type AgentHello,
  type AuditAnchor,
  type CloseReason,
  type ControlPlaneAck,
  type PublicKeyText,
  type SignedKeyset,
  type SigningKey,
} from '@pilothouse/protocol';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { allAnswered, type Database, type Transaction } from '../../kernel/database/index.js';
import type { Logger } from '../../kernel/log.js';
import { isStorable } from '../../kernel/storable-text.js';
import { systemContext } from '../../kernel/request-context.js';
import type { AgentSessionRepository, Epoch, KnownAgent } from './agent-session.repository.js';
import type { AdmittedAgent } from './admitted-agent.js';
import type { KeyRotationService } from './key-rotation.service.js';
import type { SpokenProtocol } from './published-operations.js';

/** What the control plane shows agents of itself. */
export interface ControlPlaneIdentity {
  identityKey: SigningKey;
  /** The configured public origins. An agent's `audience` must be one of them; no header decides. */
  audiences: readonly string[];
  keyset(): Promise<{ version: number; signed: SignedKeyset }>;
  keysetVersion(tx: Transaction): Promise<number>;
  /** The last signed place of a workspace's audit chain, at most a second old; null before the first. */
  latestAnchor(workspaceId: string): Promise<AuditAnchor | null>;
}

export type Handshake = { ok: true; agent: AdmittedAgent; ack: ControlPlaneAck } | { ok: false; reason: CloseReason };

/**
 * `VOID`: the identity is revoked, or of another generation or key than it was admitted with. `UNTOLD`: somebody has asked
 * for another key since.
 */
export type Standing = 'GOOD' | 'UNTOLD' | 'VOID';

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
  rotation: KeyRotationService;
  controlPlane: ControlPlaneIdentity;
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
    const { identityKey, audiences } = this.parts.controlPlane;
    if (hello.controlPlaneKeyId !== identityKey.keyId || !audiences.includes(hello.audience)) {
      this.parts.log.warn({ audience: hello.audience, address }, 'An agent expects another control plane');
      return refuse('HANDSHAKE_REFUSED');
    }
    const known = await this.parts.sessions.findAgent(hello.agentId);
    if (!known || known.revoked) return refuse('REVOKED');
    const provenKey = keyOf(hello, known);
    if (provenKey === null || !(await this.isFresh(hello, challenge))) return refuse('HANDSHAKE_REFUSED');
    if (!(await this.mayConnect(hello.agentId))) return refuse('TOO_MANY_SOCKETS');
    const protocolVersion = version.version;
    const epoch = await this.raiseEpoch(hello, known, { provenKey, address, version: protocolVersion, now });
    if (!epoch) return refuse(await this.whyNotAdmitted(hello.agentId));
    const { instanceId, agentVersion } = hello;
    const rotationAsked = known.rotationAsked && provenKey === known.publicKey;
    const agent = { ...known, publicKey: provenKey, rotationAsked, epoch, protocolVersion, instanceId, agentVersion };
    return { ok: true, agent, ack: await this.acknowledge(hello, agent, { version: protocolVersion, now }) };
  }

  /** How an admitted agent stands now. */
  async standingOf({ agentId, epoch, publicKey, rotationAsked, protocolVersion }: AdmittedAgent): Promise<Standing> {
    const known = await this.parts.sessions.findAgent(agentId);
    const isOfNow = known?.generation === epoch.generation && known.publicKey === publicKey;
    if (!known || known.revoked || !isOfNow) return 'VOID';
    const isUntold = known.rotationAsked && !rotationAsked && protocolVersion >= KEY_ROTATION_SINCE;
    return isUntold ? 'UNTOLD' : 'GOOD';
  }

  /** Of an identity that was good when its hello came, and was not any more when it was its turn. */
  private async whyNotAdmitted(agentId: string): Promise<'REVOKED' | 'HANDSHAKE_REFUSED'> {
    const known = await this.parts.sessions.findAgent(agentId);
    return !known || known.revoked ? 'REVOKED' : 'HANDSHAKE_REFUSED';
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
    known: KnownAgent,
    { provenKey, address, version, now }: { provenKey: PublicKeyText; address: string; version: number; now: Date },
  ): Promise<Epoch | null> {
    const { database, sessions, rotation, replicaId, log } = this.parts;
    const { serverId, workspaceId, generation } = known;
    return database.write(systemContext(workspaceId, 'handshake'), async (tx) => {
      if (provenKey !== known.publicKey) {
        await sessions.lockServer(tx, serverId);
        if (!(await rotation.takeOver(tx, known, provenKey))) return null;
      }
      const [wasDisplaced, before, isAdmitted] = await allAnswered([
        sessions.lockServerOfDisplaced(tx, serverId, hello.instanceId),
        sessions.lockForHandshake(tx, { serverId, workspaceId, generation }),
        sessions.isAdmitted(tx, { agentId: hello.agentId, publicKey: provenKey, generation }),
      ]);
      // Another handshake has voided the key meanwhile, or a person the identity.
      if (!isAdmitted) return null;
      const counter = before.counter + 1;
      const displaces =
        before.disconnectedAt === null && before.instanceId !== null && before.instanceId !== hello.instanceId;
      const returns = displaces && wasDisplaced && before.displacedInstanceId === hello.instanceId;
      if (returns) {
        log.error({ serverId }, 'Two instances of one identity take turns: its queue is held');
        await sessions.holdQueue(tx, serverId);
        tx.audit({ action: 'duplicate-identity-found', target: { kind: 'SERVER', id: serverId }, detail: { address } });
      }
      const [, reachable] = await allAnswered([
        sessions.open(
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
        ),
        sessions.markReachable(tx, serverId),
      ]);
      for (const commandId of reachable) tx.changed('COMMAND', commandId);
      tx.changed('SERVER', serverId);
      return { generation, counter };
    });
  }

  private async acknowledge(
    hello: AgentHello,
    { serverId, workspaceId, epoch, rotationAsked }: AdmittedAgent,
    { version, now }: { version: number; now: Date },
  ): Promise<ControlPlaneAck> {
    const { controlPlane } = this.parts;
    const keyset = await controlPlane.keyset();
    return signAck(
      controlPlane.identityKey,
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
        anchor: await controlPlane.latestAnchor(workspaceId),
        ...(version >= KEY_ROTATION_SINCE && { rotateKey: rotationAsked }),
      },
      hello,
    );
  }
}

/** The key that has signed the hello: the identity's current one, or the one it has announced; null when neither has. */
function keyOf(hello: AgentHello, { publicKey, nextPublicKey }: KnownAgent): PublicKeyText | null {
  if (verifyHello(hello, publicKey)) return publicKey;
  return nextPublicKey !== null && verifyHello(hello, nextPublicKey) ? nextPublicKey : null;
}

function refuse(reason: CloseReason): Handshake {
  return { ok: false, reason };
}
