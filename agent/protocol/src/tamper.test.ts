import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signAnchor, verifyAnchor } from './audit.js';
import { openReceipt, signEnrolment, signReceipt, verifyEnrolment } from './enrolment.js';
import { openEnvelope, type Envelope, type SignedEnvelope } from './envelope.js';
import { signAck, signHello, verifyAck, verifyHello } from './handshake.js';
import { signKeyRotation, verifyKeyRotation } from './key-rotation.js';
import { openKeyset, signKeyset } from './keyset.js';
import { openRelease, signRelease } from './release.js';
import { openResult, signResult } from './result.js';
import { fingerprintOf, signFields, verifyFields, type SignatureDomain } from './signature.js';
import { signEnvelope } from './testing/envelopes.js';
import * as sample from './testing/samples.js';

const { KEYS } = sample;

/** Every way to change one leaf of a JSON value: each number up by one, each text by one character, each null filled. */
function alterations<T>(value: T): T[] {
  if (typeof value === 'number') return [(value + 1) as T];
  if (typeof value === 'string') return [`${value.startsWith('0') ? '1' : '0'}${value.slice(1)}` as T];
  if (typeof value === 'boolean') return [!value as T];
  if (value === null) return ['filled' as T];
  const copy = (key: string | number, altered: unknown): T => {
    const whole = structuredClone(value) as Record<string | number, unknown>;
    whole[key] = altered;
    return whole as T;
  };
  return Object.entries(value as object).flatMap(([key, child]) =>
    alterations(child).map((altered) => copy(key, altered)),
  );
}

describe('an envelope', () => {
  const signed = signEnvelope(KEYS.command, sample.ENVELOPE);

  it('is refused with any of 2,000 bits flipped, in bytes, key id or signature', () => {
    const whole = Buffer.concat([signed.bytes, Buffer.from(signed.keyId, 'latin1'), signed.signature]);
    const bits = whole.length * 8;
    const keyAt = signed.bytes.length;
    for (let index = 0; index < 2000; index++) {
      const bit = Math.floor((index * bits) / 2000);
      const bytes = Buffer.from(whole);
      bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7));
      const altered: SignedEnvelope = {
        bytes: bytes.subarray(0, keyAt),
        keyId: bytes.subarray(keyAt, keyAt + 16).toString('latin1'),
        signature: bytes.subarray(keyAt + 16),
      };
      expect(openEnvelope(altered, sample.EXPECTATION).ok).toBe(false);
    }
  });

  it('is refused with any single field changed', () => {
    const changed = alterations(sample.ENVELOPE);
    expect(changed.length).toBeGreaterThan(25);
    for (const envelope of changed) {
      const bytes = Buffer.from(JSON.stringify(envelope));
      expect(openEnvelope({ ...signed, bytes }, sample.EXPECTATION)).toEqual({
        ok: false,
        problem: 'BAD_SIGNATURE',
        id: null,
      });
    }
  });

  it('is refused by a stranger’s key, also under the rightful key’s id', () => {
    const forged = signEnvelope(KEYS.stranger, sample.ENVELOPE);
    expect(openEnvelope(forged, sample.EXPECTATION)).toMatchObject({ problem: 'UNKNOWN_KEY' });
    expect(openEnvelope({ ...forged, keyId: KEYS.command.keyId }, sample.EXPECTATION)).toMatchObject({
      problem: 'BAD_SIGNATURE',
    });
  });

  it.each<[string, Partial<typeof sample.EXPECTATION>, string]>([
    ['another server', { serverId: sample.AGENT_ID }, 'OTHER_SERVER'],
    ['an earlier generation', { generation: 2 }, 'STALE_GENERATION'],
    ['a later generation', { generation: 0 }, 'STALE_GENERATION'],
    ['the instant of expiry', { now: new Date('2026-11-22T00:00:00.000Z') }, 'EXPIRED'],
    ['the instant before its time', { now: new Date('2026-11-20T23:59:59.999Z') }, 'NOT_YET_VALID'],
  ])('of %s is refused by name, and tells its id', (_, change, problem) => {
    expect(openEnvelope(signed, { ...sample.EXPECTATION, ...change })).toEqual({
      ok: false,
      problem,
      id: sample.COMMAND_ID,
    });
  });

  it.each(['2026-11-21T00:00:00.000Z', '2026-11-21T23:59:59.999Z'])('is good at %s', (now) => {
    expect(openEnvelope(signed, { ...sample.EXPECTATION, now: new Date(now) }).ok).toBe(true);
  });

  it.each([
    ['seven days', '2026-11-28T00:00:00.000Z', true],
    ['a millisecond more', '2026-11-28T00:00:00.001Z', false],
  ])('may live %s', (_, expiresAt, ok) => {
    const envelope: Envelope = { ...sample.ENVELOPE, intent: { ...sample.COMMAND_INTENT, expiresAt } };
    const opened = openEnvelope(signEnvelope(KEYS.command, envelope), sample.EXPECTATION);
    expect(opened).toMatchObject(ok ? { ok } : { ok, problem: 'LIFETIME_TOO_LONG' });
  });
});

describe('signed statements with any field changed are refused:', () => {
  it('hello', () => {
    const hello = signHello(KEYS.agent, sample.HELLO);
    for (const changed of alterations(hello)) expect(verifyHello(changed, KEYS.agent.publicKey)).toBe(false);
    expect(verifyHello(hello, KEYS.stranger.publicKey)).toBe(false);
  });

  it('ack, and the hello it answers', () => {
    const hello = signHello(KEYS.agent, sample.HELLO);
    const anchor = signAnchor(KEYS.command, {
      workspaceId: sample.WORKSPACE_ID,
      sequence: 1,
      hash: 'ab'.repeat(32),
      time: sample.ACK.time,
    });
    const { keyset: _, ...ack } = signAck(KEYS.controlPlane, { ...sample.ACK, anchor }, hello);
    const altered = alterations(ack).filter((changed) => changed.anchor?.hash !== undefined);
    for (const changed of altered) {
      let accepted = false;
      try {
        accepted = verifyAck({ ...changed, keyset: null }, hello, KEYS.controlPlane.publicKey);
      } catch {
        // An anchor that is in no form at all is refused by the schema before anyone verifies.
      }
      expect(accepted).toBe(false);
    }
    const asking = signAck(KEYS.controlPlane, { ...sample.ACK, version: 2, rotateKey: true }, hello);
    for (const changed of [
      { ...asking, rotateKey: false },
      { ...asking, version: 1 },
    ]) {
      expect(verifyAck(changed, hello, KEYS.controlPlane.publicKey)).toBe(false);
    }
    for (const key of ['challenge', 'agentId', 'ephemeralKey', 'audience'] as const) {
      expect(
        verifyAck({ ...ack, keyset: null }, { ...hello, [key]: `${hello[key]}x` }, KEYS.controlPlane.publicKey),
      ).toBe(false);
    }
  });

  it('keyset, also by another root', () => {
    const keyset = { version: 3, issuedAt: '2026-11-21T00:00:00Z', controlPlane: [], command: [] };
    const key = { keyId: KEYS.command.keyId, publicKey: KEYS.command.publicKey };
    const signed = signKeyset(KEYS.root, { ...keyset, controlPlane: [key], command: [key] });
    const pinned = fingerprintOf(KEYS.root.publicKey);
    for (const changed of alterations(signed)) expect(openKeyset(changed, pinned).ok).toBe(false);
    expect(openKeyset(signed, fingerprintOf(KEYS.stranger.publicKey))).toEqual({ ok: false, problem: 'WRONG_ROOT' });
    expect(openKeyset(signed, pinned.toUpperCase(), 3).ok).toBe(true);
    expect(openKeyset(signed, pinned, 4)).toEqual({ ok: false, problem: 'OLDER' });
  });

  it('release, also by another root and as a keyset', () => {
    const signed = signRelease(KEYS.root, sample.RELEASE);
    const pinned = fingerprintOf(KEYS.root.publicKey);
    for (const changed of alterations(signed)) expect(openRelease(changed, pinned).ok).toBe(false);
    for (const changed of alterations(sample.RELEASE)) {
      const release = Buffer.from(JSON.stringify(changed)).toString('base64');
      expect(openRelease({ ...signed, release }, pinned)).toEqual({ ok: false, problem: 'BAD_SIGNATURE' });
    }
    expect(openRelease(signed, fingerprintOf(KEYS.stranger.publicKey))).toEqual({ ok: false, problem: 'WRONG_ROOT' });
    expect(openRelease(signed, pinned.toUpperCase()).ok).toBe(true);
    expect(
      openKeyset({ rootPublicKey: signed.rootPublicKey, keyset: signed.release, signature: signed.signature }, pinned),
    ).toEqual({ ok: false, problem: 'BAD_SIGNATURE' });
  });

  it('enrolment request and receipt', () => {
    const request = signEnrolment(KEYS.agent, {
      token: sample.TOKEN,
      facts: sample.FACTS,
      versions: { min: 1, max: 1 },
    });
    for (const field of ['token', 'publicKey', 'signature'] as const) {
      expect(verifyEnrolment({ ...request, [field]: alterations(request[field])[0]! })).toBe(false);
    }
    expect(verifyEnrolment({ ...request, facts: { ...request.facts, hostname: 'other' } })).toBe(false);
    const receipt = {
      ...{ agentId: sample.AGENT_ID, serverId: sample.SERVER_ID, workspaceId: sample.WORKSPACE_ID, generation: 1 },
      ...{ publicKey: KEYS.agent.publicKey, rootFingerprint: 'ab'.repeat(32), issuedAt: sample.ACK.time },
    };
    const signed = signReceipt(KEYS.controlPlane, receipt);
    for (const changed of alterations(signed)) expect(openReceipt(changed, [KEYS.controlPlane])).toBeNull();
    expect(openReceipt(signed, [KEYS.stranger])).toBeNull();
  });

  it('result, also by another agent', () => {
    const signed = signResult(KEYS.agent, sample.AGENT_ID, sample.RESULT);
    const agent = { id: sample.AGENT_ID, publicKey: KEYS.agent.publicKey };
    for (const changed of alterations(sample.RESULT)) {
      expect(openResult({ ...signed, bytes: Buffer.from(JSON.stringify(changed)) }, agent)).toBeNull();
    }
    expect(openResult(signed, { ...agent, id: sample.SERVER_ID })).toBeNull();
    expect(openResult(signed, { ...agent, publicKey: KEYS.stranger.publicKey })).toBeNull();
    expect(openResult(signed, agent)).toEqual(sample.RESULT);
  });

  it('announced key, also of a stranger, by one key alone, and for another server, agent, connection or key', () => {
    const frame = signKeyRotation(KEYS.agent, KEYS.nextAgent, sample.ROTATION_SUBJECT);
    const subject = { ...sample.ROTATION_SUBJECT, currentKey: KEYS.agent.publicKey };
    expect(verifyKeyRotation(frame, subject)).toBe(true);
    for (const changed of [...alterations(frame), { ...frame, publicKey: KEYS.stranger.publicKey }]) {
      expect(verifyKeyRotation(changed, subject)).toBe(false);
    }
    for (const changed of [...alterations(subject), { ...subject, currentKey: KEYS.stranger.publicKey }]) {
      expect(verifyKeyRotation(frame, changed)).toBe(false);
    }
    const byOneKey = [
      { ...frame, signature: frame.proof },
      { ...frame, proof: frame.signature },
      signKeyRotation(KEYS.stranger, KEYS.nextAgent, sample.ROTATION_SUBJECT),
    ];
    for (const forged of byOneKey) expect(verifyKeyRotation(forged, subject)).toBe(false);
    const toItself = signKeyRotation(KEYS.agent, KEYS.agent, sample.ROTATION_SUBJECT);
    expect(verifyKeyRotation(toItself, subject)).toBe(false);
  });

  it('anchor', () => {
    const anchor = signAnchor(KEYS.command, {
      workspaceId: sample.WORKSPACE_ID,
      sequence: 1,
      hash: 'ab'.repeat(32),
      time: sample.ACK.time,
    });
    expect(verifyAnchor(anchor, [KEYS.stranger, KEYS.command])).toBe(true);
    for (const changed of alterations(anchor)) expect(verifyAnchor(changed, [KEYS.command])).toBe(false);
  });
});

describe('a signature', () => {
  const domains: SignatureDomain[] = [
    ...(['ph-keyset-v1', 'ph-rel-v1', 'ph-enrol-v1', 'ph-receipt-v1', 'ph-agent-hs-v1', 'ph-cp-hs-v1'] as const),
    'ph-cp-hs-v2',
    ...(['ph-cmd-v1', 'ph-res-v1', 'ph-rot-v1', 'ph-anchor-v1'] as const),
  ];

  it('made for one purpose is good for no other', () => {
    for (const made of domains) {
      const signature = signFields(KEYS.command, made, ['field']);
      for (const domain of domains) {
        const verified = verifyFields({ publicKey: KEYS.command.publicKey, domain, fields: ['field'], signature });
        expect(verified).toBe(domain === made);
      }
    }
  });

  it('of a handshake over an envelope’s bytes does not pass for the envelope’s', () => {
    const { bytes, keyId } = signEnvelope(KEYS.command, sample.ENVELOPE);
    const signature = signFields(KEYS.command, 'ph-cp-hs-v1', [keyId, bytes]);
    expect(openEnvelope({ bytes, keyId, signature }, sample.EXPECTATION)).toMatchObject({ problem: 'BAD_SIGNATURE' });
  });

  it('does not move from one list of fields to another that reads the same', () => {
    const fields = fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 });
    fc.assert(
      fc.property(fields, fields, (one, other) => {
        const signature = signFields(KEYS.command, 'ph-cmd-v1', one);
        const same = JSON.stringify(one) === JSON.stringify(other);
        const of = { publicKey: KEYS.command.publicKey, domain: 'ph-cmd-v1' as const, signature };
        expect(verifyFields({ ...of, fields: other })).toBe(same);
      }),
      { numRuns: 300 },
    );
  });
});
