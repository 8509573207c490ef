import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { sha256 } from './bytes.js';
import { signedKeysetSchema } from './keyset.js';
import { signFields, verifyFields, type PublicKeyText, type SignatureDomain, type SigningKey } from './signature.js';
import { KEY_ROTATION_SINCE } from './version.js';

/** Header of the WebSocket 101 response that carries the challenge, base64url. */
export const CHALLENGE_HEADER = 'pilothouse-challenge';

const base64url = (characters: number) => z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${characters}}$`));
const keyId = z.string().regex(/^[0-9a-f]{16}$/);
const signature = z.base64().length(88);
const origin = z.string().max(300);
const instant = z.iso.datetime({ offset: false, precision: 3 });

/** What the agent sends as graphql-ws `connectionParams`. */
export const agentHelloSchema = z.strictObject({
  versions: z.strictObject({ min: z.int().min(1).max(10_000), max: z.int().min(1).max(10_000) }),
  agentId: z.uuid(),
  /** The challenge of this socket, or one got by `agentChallenge` where a proxy strips the header. */
  challenge: base64url(43),
  /** The control plane identity key the agent expects the answer from. */
  controlPlaneKeyId: keyId,
  /** The origin the agent was configured with; must be one of the control plane's own. */
  audience: origin,
  ephemeralKey: base64url(43),
  /** Random per start of the agent's process: two instances of one identity are told apart by it. */
  instanceId: z.uuid(),
  bootId: z.string().max(64),
  agentVersion: z.string().max(32),
  signature,
});
export type AgentHello = z.infer<typeof agentHelloSchema>;

/** Place and hash of the last entry of a workspace's audit chain, signed by the command key. */
export const auditAnchorSchema = z.strictObject({
  workspaceId: z.uuid(),
  sequence: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  time: instant,
  keyId,
  signature,
});
export type AuditAnchor = z.infer<typeof auditAnchorSchema>;

/** What the control plane answers in `connection_ack`. */
export const controlPlaneAckSchema = z.strictObject({
  version: z.int().min(1),
  serverId: z.uuid(),
  workspaceId: z.uuid(),
  epoch: z.strictObject({ generation: z.int().min(1), counter: z.int().min(1) }),
  time: instant,
  ephemeralKey: base64url(43),
  keysetVersion: z.int().min(1),
  /** Present when the control plane's keyset may be newer than the agent's. */
  keyset: signedKeysetSchema.nullable(),
  anchor: auditAnchorSchema.nullable(),
  /** Since version 2: somebody has asked for a new key of this agent. */
  rotateKey: z.boolean().optional(),
  signature,
});
export type ControlPlaneAck = z.infer<typeof controlPlaneAckSchema>;

function helloFields(hello: Omit<AgentHello, 'signature'>): string[] {
  return [
    hello.challenge,
    hello.agentId,
    hello.controlPlaneKeyId,
    hello.audience,
    hello.ephemeralKey,
    hello.instanceId,
    hello.bootId,
    hello.agentVersion,
    `${hello.versions.min}-${hello.versions.max}`,
  ];
}

export function signHello(key: SigningKey, hello: Omit<AgentHello, 'signature'>): AgentHello {
  return { ...hello, signature: signFields(key, 'ph-agent-hs-v1', helloFields(hello)).toString('base64') };
}

export function verifyHello(hello: AgentHello, publicKey: PublicKeyText): boolean {
  return verifyFields({
    publicKey,
    domain: 'ph-agent-hs-v1',
    fields: helloFields(hello),
    signature: Buffer.from(hello.signature, 'base64'),
  });
}

function ackDomain({ version }: Pick<ControlPlaneAck, 'version'>): SignatureDomain {
  return version < KEY_ROTATION_SINCE ? 'ph-cp-hs-v1' : 'ph-cp-hs-v2';
}

function ackFields(ack: Omit<ControlPlaneAck, 'signature'>, hello: AgentHello): (string | Uint8Array)[] {
  return [
    hello.challenge,
    hello.agentId,
    hello.ephemeralKey,
    ack.ephemeralKey,
    hello.audience,
    ack.time,
    String(ack.keysetVersion),
    String(ack.version),
    `${ack.epoch.generation}.${ack.epoch.counter}`,
    ack.serverId,
    ack.workspaceId,
    ack.anchor ? sha256(JSON.stringify(auditAnchorSchema.parse(ack.anchor))) : '',
    ...(ack.version < KEY_ROTATION_SINCE ? [] : [String(ack.rotateKey === true)]),
  ];
}

export function signAck(key: SigningKey, ack: Omit<ControlPlaneAck, 'signature'>, hello: AgentHello): ControlPlaneAck {
  return { ...ack, signature: signFields(key, ackDomain(ack), ackFields(ack, hello)).toString('base64') };
}

export function verifyAck(ack: ControlPlaneAck, hello: AgentHello, publicKey: PublicKeyText): boolean {
  return verifyFields({
    publicKey,
    domain: ackDomain(ack),
    fields: ackFields(ack, hello),
    signature: Buffer.from(ack.signature, 'base64'),
  });
}

/** An X25519 key made for one connection and forgotten with it. */
export interface EphemeralKey {
  publicKey: string;
  privateKey: KeyObject;
}

const X25519_SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

export function generateEphemeralKey(): EphemeralKey {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(X25519_SPKI_PREFIX.length);
  return { publicKey: Buffer.from(raw).toString('base64url'), privateKey };
}
