import { randomUUID } from 'node:crypto';
import {
  CHALLENGE_HEADER,
  controlPlaneAckSchema,
  generateEphemeralKey,
  negotiateVersion,
  OLDEST_SUPPORTED_VERSION,
  PROTOCOL_VERSION,
  signHello,
  verifyAck,
  type AgentHello,
  type ControlPlaneAck,
  type Keyset,
  type SigningKey,
  type VersionRange,
} from '@pilothouse/protocol';
import { z } from 'zod';
import { AGENT_VERSION } from '../kernel/version.js';
import { getJson, postJson, type ControlPlaneAddress } from './control-plane-http.js';
import type { Identity } from './identity.js';
import type { Keyring } from './keyring.js';

/** The other side did not prove that it is the control plane, or not that this agent may talk to it. */
export class HandshakeError extends Error {
  override name = 'HandshakeError';
}

const challengeSchema = z.object({ challenge: z.string().regex(/^[A-Za-z0-9_-]{43}$/) });

/** The challenge of a 101 response; null where a proxy stripped the header. */
export function challengeOf(headers: Record<string, string | string[] | undefined>): string | null {
  return challengeSchema.safeParse({ challenge: headers[CHALLENGE_HEADER] }).data?.challenge ?? null;
}

/** The way round a proxy that strips the header: a single-use challenge over plain HTTPS. */
export async function askForChallenge(address: ControlPlaneAddress, agentId: string): Promise<string> {
  const { status, body } = await postJson(address, '/agent/challenge', { agentId });
  const parsed = challengeSchema.safeParse(body);
  if (status !== 200 || !parsed.success) throw new HandshakeError(`No challenge was given (HTTP ${status})`);
  return parsed.data.challenge;
}

/** Fetches the keyset over plain HTTPS and takes it over, after the control plane has changed its keys, say. */
export async function refreshKeyset(address: ControlPlaneAddress, keyring: Keyring): Promise<void> {
  const { status, body } = await getJson(address, '/agent/keyset');
  if (status !== 200) throw new HandshakeError(`No keyset was given (HTTP ${status})`);
  await keyring.adopt(body as Parameters<Keyring['adopt']>[0]);
}

export interface HandshakeParty {
  identity: Identity;
  keyring: Keyring;
  /** The origin the agent connects to. */
  audience: string;
  bootId: string;
  /** What this agent speaks; all that its code knows if not given. */
  versions?: VersionRange;
  /** The key to sign the next hello with; the identity's own if not given. */
  nextKey?: () => SigningKey;
}

const SPOKEN: VersionRange = { min: OLDEST_SUPPORTED_VERSION, max: PROTOCOL_VERSION };

/** Random for each start of the process, so that two instances of one identity are told apart. */
const INSTANCE_ID = randomUUID();

/** What this agent says first on a connection. The ephemeral key is new for each. */
export function makeHello(
  { identity, keyring, audience, bootId, versions = SPOKEN, nextKey = () => identity.signingKey }: HandshakeParty,
  challenge: string,
): AgentHello {
  return signHello(nextKey(), {
    versions,
    agentId: identity.agentId,
    challenge,
    controlPlaneKeyId: expectedKeyId(keyring.keyset),
    audience,
    ephemeralKey: generateEphemeralKey().publicKey,
    instanceId: INSTANCE_ID,
    bootId,
    agentVersion: AGENT_VERSION,
  });
}

function expectedKeyId({ controlPlane: [newest] }: Keyset): string {
  if (!newest) throw new HandshakeError('The keyset names no control plane key');
  return newest.keyId;
}

/**
 * Checks the control plane's answer. Synchronous on purpose: thrown inside graphql-ws's `connected` listener it closes
 * the socket before any operation is sent, which an awaited check would not.
 * @throws HandshakeError
 */
export function checkAck(
  { identity, keyring, versions = SPOKEN }: HandshakeParty,
  hello: AgentHello,
  payload: unknown,
): ControlPlaneAck {
  const parsed = controlPlaneAckSchema.safeParse(payload);
  if (!parsed.success) throw new HandshakeError('The answer of the control plane is malformed');
  const ack = parsed.data;
  const keyset = ack.keyset ? keyring.open(ack.keyset) : keyring.keyset;
  if (ack.keysetVersion !== keyset.version) throw new HandshakeError('The control plane has a keyset not seen here');
  // A control plane whose key was just replaced answers with the new one, which the keyset beside it vouches for.
  const isGenuine = keyset.controlPlane.some(({ publicKey }) => verifyAck(ack, hello, publicKey));
  if (!isGenuine) throw new HandshakeError('The answer is not signed by a key of the control plane');
  if (ack.serverId !== identity.serverId || ack.workspaceId !== identity.workspaceId) {
    throw new HandshakeError('The answer is meant for another server');
  }
  if (ack.epoch.generation < identity.generation) {
    throw new HandshakeError(`Generation ${ack.epoch.generation} was replaced by ${identity.generation} before`);
  }
  if (!negotiateVersion({ min: ack.version, max: ack.version }, versions).ok) {
    throw new HandshakeError(
      `The control plane chose protocol version ${ack.version}, which this agent does not speak`,
    );
  }
  return ack;
}
