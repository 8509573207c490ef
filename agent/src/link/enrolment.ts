import { rm } from 'node:fs/promises';
import {
  ENROLMENT_TOKEN,
  exportSigningKey,
  generateSigningKey,
  OLDEST_SUPPORTED_VERSION,
  openKeyset,
  openReceipt,
  PROTOCOL_VERSION,
  readSigningKey,
  signedKeysetSchema,
  signEnrolment,
  type EnrolmentReceipt,
  type HostFacts,
  type Keyset,
  type SignedKeyset,
  type SigningKey,
} from '@pilothouse/protocol';
import { z } from 'zod';
import { readIfPresent, writeFileDurably } from '../kernel/durable-file.js';
import type { StateDirectory } from '../kernel/state-directory.js';
import { getJson, postJson, type ControlPlaneAddress } from './control-plane-http.js';
import { storeIdentity, type Identity } from './identity.js';
import { KeysetError, Keyring } from './keyring.js';

export interface EnrolmentOptions {
  state: StateDirectory;
  address: ControlPlaneAddress;
  /** SHA-256 fingerprint of the root key, from the install line. */
  pin: string;
  tlsPin: string | null;
  token: string;
  facts: HostFacts;
}

/** Enrolment did not happen; the message says why and what to do. */
export class EnrolmentError extends Error {
  override name = 'EnrolmentError';
  constructor(
    message: string,
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const pendingSchema = z.object({ privateKey: z.string(), startedAt: z.string() });

/** Sent before and unanswered: whether the token of then was spent is not known. */
interface PendingEnrolment {
  signingKey: SigningKey;
  startedAt: string | null;
}

/**
 * Makes this host a member: checks the control plane against the pin, spends the token, checks the receipt, stores all.
 *
 * The new key is on disk before the token leaves, and identity and key become valid in one rename. Killed at any moment
 * the host is either enrolled or can be enrolled by running this again.
 * @throws EnrolmentError
 */
export async function enrol(options: EnrolmentOptions): Promise<Identity> {
  const { state, address, pin, tlsPin, token, facts } = options;
  if (!ENROLMENT_TOKEN.test(token)) {
    throw new EnrolmentError('This is no enrolment token: one begins with phe_ and has 47 characters', 'MALFORMED');
  }
  const { signed, keyset } = await fetchKeyset(address, pin);
  const { signingKey, startedAt } = await preparePending(state, address.url);
  const request = signEnrolment(signingKey, {
    token,
    facts,
    versions: { min: OLDEST_SUPPORTED_VERSION, max: PROTOCOL_VERSION },
  });
  const answer = await postJson(address, '/agent/enrol', request).catch((cause: unknown) => {
    throw new EnrolmentError(
      `No answer came to the enrolment, so the token may be spent. Run this again with the same token; if it is refused, make a new one`,
      'NO_ANSWER',
      { cause },
    );
  });
  if (answer.status !== 200) throw await refusalOf(answer.body, { state, startedAt, status: answer.status });
  const receipt = checkReceipt(answer.body, { keyset, pin, signingKey });
  const identity: Identity = {
    agentId: receipt.agentId,
    serverId: receipt.serverId,
    workspaceId: receipt.workspaceId,
    generation: receipt.generation,
    url: address.url,
    rootFingerprint: pin,
    tlsPin,
    signingKey,
    keySince: receipt.issuedAt,
  };
  await Keyring.store(state.keyset, signed);
  await storeIdentity(state.identity, identity);
  await rm(state.pendingEnrolment, { force: true });
  return identity;
}

async function fetchKeyset(
  address: ControlPlaneAddress,
  pin: string,
): Promise<{ signed: SignedKeyset; keyset: Keyset }> {
  const { status, body } = await getJson(address, '/agent/keyset').catch((cause: unknown) => {
    throw new EnrolmentError(`${address.url} cannot be reached`, 'UNREACHABLE', { cause });
  });
  if (status !== 200) {
    throw new EnrolmentError(
      `${address.url} gave no keyset (HTTP ${status}): is this the control plane?`,
      'UNREACHABLE',
    );
  }
  const opened = openKeyset(body, pin);
  if (!opened.ok) throw new EnrolmentError(new KeysetError(opened.problem).message, opened.problem);
  return { signed: signedKeysetSchema.parse(body), keyset: opened.keyset };
}

/** The key of an unanswered attempt is used again, so that a control plane that took it in can answer once more. */
async function preparePending(state: StateDirectory, url: string): Promise<PendingEnrolment> {
  const pending = await readPending(state.pendingEnrolment);
  if (pending) return pending;
  const signingKey = generateSigningKey();
  const file = { url, startedAt: new Date().toISOString(), privateKey: exportSigningKey(signingKey) };
  await writeFileDurably(state.pendingEnrolment, JSON.stringify(file), 0o600);
  return { signingKey, startedAt: null };
}

async function readPending(path: string): Promise<PendingEnrolment | null> {
  const text = await readIfPresent(path);
  if (text === null) return null;
  try {
    const { privateKey, startedAt } = pendingSchema.parse(JSON.parse(text));
    return { signingKey: readSigningKey(privateKey), startedAt };
  } catch {
    // A damaged file of an attempt that failed is worth nothing; a new key replaces it.
    return null;
  }
}

const refusalSchema = z.object({ code: z.string().max(64), message: z.string().max(500) });

async function refusalOf(
  body: unknown,
  { state, startedAt, status }: { state: StateDirectory; startedAt: string | null; status: number },
): Promise<EnrolmentError> {
  const parsed = refusalSchema.safeParse(body);
  if (!parsed.success)
    return new EnrolmentError(`The control plane answered HTTP ${status} without a reason`, 'FAILED');
  const { code, message } = parsed.data;
  // A refusal is an answer: nothing of this attempt is in doubt any more.
  await rm(state.pendingEnrolment, { force: true });
  const earlier =
    code === 'TOKEN_INVALID' && startedAt
      ? ` An attempt of ${startedAt} got no answer and may have spent it: remove the server it may have left, then make a new token.`
      : '';
  return new EnrolmentError(message + earlier, code);
}

function checkReceipt(
  body: unknown,
  { keyset, pin, signingKey }: { keyset: Keyset; pin: string; signingKey: SigningKey },
): EnrolmentReceipt {
  const receipt = openReceipt(body, keyset.controlPlane);
  const isOurs = receipt && receipt.publicKey === signingKey.publicKey && receipt.rootFingerprint === pin;
  if (isOurs) return receipt;
  throw new EnrolmentError(
    'The receipt is not signed by the control plane for this key. Nothing was stored; make a new token and try again.',
    'BAD_RECEIPT',
  );
}
