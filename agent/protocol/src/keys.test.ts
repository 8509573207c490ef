import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AUDIT_GENESIS_HASH, auditEntryHash, type AuditEntryFields } from './audit.js';
import { encodeFields, sha256Hex } from './bytes.js';
import { enrolmentRequestSchema, signEnrolment } from './enrolment.js';
import { intentDigest } from './envelope.js';
import { agentHelloSchema, controlPlaneAckSchema, generateEphemeralKey, signAck, signHello } from './handshake.js';
import { exportSigningKey, fingerprintOf, generateSigningKey, keyIdOf, readSigningKey } from './signature.js';
import * as sample from './testing/samples.js';

describe('signing keys', () => {
  it('are the same key after they were written and read', () => {
    const key = generateSigningKey();
    const read = readSigningKey(exportSigningKey(key));
    expect([read.publicKey, read.keyId]).toEqual([key.publicKey, key.keyId]);
    const raw = Buffer.from(key.publicKey, 'base64url');
    expect([keyIdOf(raw), fingerprintOf(key.publicKey)]).toEqual([key.keyId, sha256Hex(raw)]);
  });

  it('of another kind, or no keys at all, are not read', () => {
    const other = generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(() => readSigningKey(other)).toThrow('not an Ed25519 private key');
    expect(() => readSigningKey('no key')).toThrow(/DECODER|unsupported/);
  });

  it('and ephemeral ones are new each time', () => {
    expect(generateSigningKey().publicKey).not.toBe(generateSigningKey().publicKey);
    expect(generateEphemeralKey().publicKey).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(generateEphemeralKey().publicKey).not.toBe(generateEphemeralKey().publicKey);
  });
});

it('the encoding puts each field behind its length', () => {
  expect(encodeFields('d', ['', 'é']).toString('hex')).toBe('00000001' + '64' + '00000000' + '00000002' + 'c3a9');
});

it('an audit entry’s hash changes with each of its fields', () => {
  const entry: AuditEntryFields = {
    ...{ chain: sample.WORKSPACE_ID, sequence: 1, previousHash: AUDIT_GENESIS_HASH, time: sample.ACK.time },
    ...{ actorKind: 'USER', actorId: sample.USER_ID, action: 'command.run', targetKind: 'server' },
    ...{ targetId: sample.SERVER_ID, detail: '{}', intentDigest: '' },
  };
  const changed = Object.entries(entry).map(([key, value]) =>
    auditEntryHash({ ...entry, [key]: typeof value === 'number' ? value + 1 : `${value}x` }),
  );
  expect(new Set([auditEntryHash(entry), ...changed]).size).toBe(Object.keys(entry).length + 1);
});

it('an intent digest changes with every intent, their number and their order', () => {
  const [command, cancel] = [sample.COMMAND_INTENT, sample.CANCEL_INTENT];
  const lists = [[], [command], [cancel], [command, cancel], [cancel, command], [command, command]];
  lists.push([{ ...command, sequence: 43 } as unknown as typeof command]);
  expect(new Set(lists.map(intentDigest)).size).toBe(lists.length);
});

describe('the enrolment request', () => {
  const request = signEnrolment(sample.KEYS.agent, {
    ...{ token: sample.TOKEN, facts: sample.FACTS, versions: { min: 1, max: 1 } },
  });
  const accepted = (change: object) => enrolmentRequestSchema.safeParse({ ...request, ...change }).success;

  it.each<[string, object, boolean]>([
    ['as it is made', {}, true],
    ['with a member of a later version', { later: true }, true],
    ['with a token a character short', { token: sample.TOKEN.slice(1) }, false],
    ['with a token of another kind', { token: sample.TOKEN.replace('phe_', 'phk_') }, false],
    ['with a key that anyone can sign with', { publicKey: 'A'.repeat(43) }, false],
    ['with version 0', { versions: { min: 0, max: 1 } }, false],
    ['without a signature', { signature: '' }, false],
    ['with facts of another form', { facts: { ...sample.FACTS, cpuCount: '2' } }, false],
  ])('%s', (_, change, expected) => {
    expect(accepted(change)).toBe(expected);
  });
});

describe('the handshake’s halves', () => {
  const hello = signHello(sample.KEYS.agent, sample.HELLO);
  const ack = signAck(sample.KEYS.controlPlane, sample.ACK, hello);

  it('have the form they are made in, and none with members nobody knows', () => {
    expect(agentHelloSchema.parse(hello)).toEqual(hello);
    expect(controlPlaneAckSchema.parse(ack)).toEqual(ack);
    expect(agentHelloSchema.safeParse({ ...hello, admin: true }).success).toBe(false);
    expect(controlPlaneAckSchema.safeParse({ ...ack, admin: true }).success).toBe(false);
  });

  it.each(Object.keys(hello))('a hello without its %s is refused', (key) => {
    expect(agentHelloSchema.safeParse({ ...hello, [key]: undefined }).success).toBe(false);
  });

  it.each(Object.keys(ack))('an ack without its %s is refused', (key) => {
    expect(controlPlaneAckSchema.safeParse({ ...ack, [key]: undefined }).success).toBe(false);
  });
});
