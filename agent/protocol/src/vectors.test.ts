import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { auditEntryHash, signAnchor, verifyAnchor, type AuditEntryFields } from './audit.js';
import { encodeFields } from './bytes.js';
import { openReceipt, signEnrolment, signReceipt, verifyEnrolment } from './enrolment.js';
import { intentDigest, openEnvelope, writeIntent, type Envelope } from './envelope.js';
import { signAck, signHello, verifyAck, verifyHello } from './handshake.js';
import { signKeyRotation, verifyKeyRotation } from './key-rotation.js';
import { openKeyset, signKeyset, type Keyset } from './keyset.js';
import { openRelease, signRelease } from './release.js';
import { openResult, signResult } from './result.js';
import { fingerprintOf } from './signature.js';
import { signEnvelope } from './testing/envelopes.js';
import * as sample from './testing/samples.js';

const { KEYS } = sample;

/** Compares with the committed file; `vitest --update` writes it anew, which changes the protocol. */
async function matches(name: string, vectors: unknown): Promise<void> {
  const text = await format(JSON.stringify(vectors, null, 2), { parser: 'json', printWidth: 120 });
  await expect(text).toMatchFileSnapshot(`../vectors/${name}.json`);
}

const committed = (name: string) =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'));

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const publicKeys = (key: { keyId: string; publicKey: string }) => ({ keyId: key.keyId, publicKey: key.publicKey });

const keyset: Keyset = {
  version: 1,
  issuedAt: '2026-11-21T00:00:00Z',
  controlPlane: [publicKeys(KEYS.controlPlane)],
  command: [publicKeys(KEYS.command)],
};
const receipt = {
  agentId: sample.AGENT_ID,
  serverId: sample.SERVER_ID,
  workspaceId: sample.WORKSPACE_ID,
  generation: 1,
  publicKey: KEYS.agent.publicKey,
  rootFingerprint: fingerprintOf(KEYS.root.publicKey),
  issuedAt: '2026-11-21T00:00:00.000Z',
};
const anchorFields = {
  workspaceId: sample.WORKSPACE_ID,
  sequence: 9,
  hash: 'ab'.repeat(32),
  time: '2026-11-21T00:00:00.000Z',
};
const entry: AuditEntryFields = {
  chain: sample.WORKSPACE_ID,
  sequence: 9,
  previousHash: '0'.repeat(64),
  time: '2026-11-21T00:00:00.000Z',
  actorKind: 'USER',
  actorId: sample.USER_ID,
  action: 'command.run',
  targetKind: 'server',
  targetId: sample.SERVER_ID,
  detail: '{"argv":["/bin/echo","hällo",""]}',
  intentDigest: intentDigest([sample.COMMAND_INTENT]),
};

describe('the committed vectors are what this code makes', () => {
  it('keys', () =>
    matches(
      'keys',
      Object.entries(KEYS).map(([name, key], index) => ({
        ...{ name, seed: hex(Buffer.alloc(32, index + 1)), publicKey: key.publicKey, keyId: key.keyId },
        fingerprint: fingerprintOf(key.publicKey),
      })),
    ));

  it('encoding of fields', () =>
    matches(
      'fields',
      [[], [''], ['a', 'bc'], ['ab', 'c'], ['hällo', '\0']].map((fields) => ({
        ...{ domain: 'ph-cmd-v1', fields, encoded: hex(encodeFields('ph-cmd-v1', fields)) },
      })),
    ));

  it('keyset', () => matches('keyset', { keyset, signed: signKeyset(KEYS.root, keyset) }));

  it('release', () => matches('release', { release: sample.RELEASE, signed: signRelease(KEYS.root, sample.RELEASE) }));

  it('enrolment', () =>
    matches('enrolment', {
      request: signEnrolment(KEYS.agent, { token: sample.TOKEN, facts: sample.FACTS, versions: { min: 1, max: 1 } }),
      receipt,
      signedReceipt: signReceipt(KEYS.controlPlane, receipt),
    }));

  it('handshake', () => {
    const hello = signHello(KEYS.agent, sample.HELLO);
    const anchor = signAnchor(KEYS.command, anchorFields);
    return matches('handshake', {
      ephemeralSeeds: { agent: '06'.repeat(32), controlPlane: '07'.repeat(32) },
      hello,
      ack: signAck(KEYS.controlPlane, sample.ACK, hello),
      ackWithAnchor: signAck(KEYS.controlPlane, { ...sample.ACK, anchor }, hello),
      ackThatAsksForANewKey: signAck(KEYS.controlPlane, { ...sample.ACK, version: 2, rotateKey: true }, hello),
    });
  });

  it('key rotation', () =>
    matches('key-rotation', {
      ...{ subject: sample.ROTATION_SUBJECT, currentKey: KEYS.agent.publicKey },
      frame: signKeyRotation(KEYS.agent, KEYS.nextAgent, sample.ROTATION_SUBJECT),
    }));

  it('envelopes', () => {
    const intents = [sample.COMMAND_INTENT, sample.CANCEL_INTENT];
    const envelopes = intents.map((intent): Envelope => ({ intent, audit: sample.ENVELOPE.audit }));
    return matches('envelope', {
      expected: { serverId: sample.SERVER_ID, generation: 1, now: sample.EXPECTATION.now },
      intentDigest: intentDigest(intents),
      envelopes: envelopes.map((envelope) => {
        const signed = signEnvelope(KEYS.command, envelope);
        return {
          intent: writeIntent(envelope.intent).bytes.toString(),
          bytes: signed.bytes.toString(),
          keyId: signed.keyId,
          signature: signed.signature.toString('base64'),
        };
      }),
    });
  });

  it('result', () => {
    const { bytes, signature } = signResult(KEYS.agent, sample.AGENT_ID, sample.RESULT);
    return matches('result', {
      ...{ agentId: sample.AGENT_ID, bytes: bytes.toString(), signature: signature.toString('base64') },
    });
  });

  it('audit', () =>
    matches('audit', { entry, hash: auditEntryHash(entry), anchor: signAnchor(KEYS.command, anchorFields) }));
});

describe('the committed vectors are accepted', () => {
  it('by every opening function', () => {
    const { hello, ack, ackWithAnchor, ackThatAsksForANewKey } = committed('handshake');
    expect(verifyHello(hello, KEYS.agent.publicKey)).toBe(true);
    expect(verifyAck(ack, hello, KEYS.controlPlane.publicKey)).toBe(true);
    expect(verifyAck(ackWithAnchor, hello, KEYS.controlPlane.publicKey)).toBe(true);
    expect(verifyAck(ackThatAsksForANewKey, hello, KEYS.controlPlane.publicKey)).toBe(true);
    const { subject, currentKey, frame } = committed('key-rotation');
    expect(verifyKeyRotation(frame, { ...subject, currentKey })).toBe(true);
    expect(verifyAnchor(ackWithAnchor.anchor, [KEYS.command])).toBe(true);
    expect(openKeyset(committed('keyset').signed, fingerprintOf(KEYS.root.publicKey))).toEqual({ ok: true, keyset });
    expect(openRelease(committed('release').signed, fingerprintOf(KEYS.root.publicKey))).toEqual({
      ok: true,
      release: sample.RELEASE,
    });
    expect(verifyEnrolment(committed('enrolment').request)).toBe(true);
    expect(openReceipt(committed('enrolment').signedReceipt, [KEYS.controlPlane])).toEqual(receipt);
    for (const { bytes, keyId, signature } of committed('envelope').envelopes) {
      const signed = { bytes: Buffer.from(bytes), keyId, signature: Buffer.from(signature, 'base64') };
      expect(openEnvelope(signed, sample.EXPECTATION).ok).toBe(true);
    }
    const { agentId, bytes, signature } = committed('result');
    const signed = { bytes: Buffer.from(bytes), signature: Buffer.from(signature, 'base64') };
    expect(openResult(signed, { id: agentId, publicKey: KEYS.agent.publicKey })).toEqual(sample.RESULT);
  });

  it('by what PROTOCOL.md says alone, without this package’s code', () => {
    const length = (bytes: Buffer) =>
      Buffer.from([bytes.length >>> 24, bytes.length >>> 16, bytes.length >>> 8, bytes.length]);
    const [{ bytes, keyId, signature }] = committed('envelope').envelopes;
    const fields = ['ph-cmd-v1', keyId, bytes].map((field) => Buffer.from(field));
    const input = Buffer.concat(fields.flatMap((field) => [length(field), field]));
    const seed = committed('keys').find((key: { name: string }) => key.name === 'command').seed;
    const der = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex');
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const raw = createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-32);
    expect(createHash('sha256').update(raw).digest('hex').slice(0, 16)).toBe(keyId);
    expect(sign(null, input, key).toString('base64')).toBe(signature);
  });
});
