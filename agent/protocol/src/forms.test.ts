import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyAnchor } from './audit.js';
import { openReceipt } from './enrolment.js';
import {
  commandArgumentsSchema,
  commandLimitsSchema,
  envelopeSchema,
  openEnvelope,
  programSchema,
} from './envelope.js';
import { readAgentFrame } from './frames.js';
import { telemetryFrameSchema } from './telemetry.js';
import { agentHelloSchema, controlPlaneAckSchema } from './handshake.js';
import { parseJson } from './json.js';
import { openKeyset } from './keyset.js';
import { COMMAND_LIMITS, ENVELOPE_LIMITS, LINK_LIMITS, OUTPUT_LIMITS, TELEMETRY_LIMITS } from './limits.js';
import { openRelease } from './release.js';
import { openResult } from './result.js';
import { isPublicKeyText, signFields, verifyFields } from './signature.js';
import { signEnvelope } from './testing/envelopes.js';
import * as sample from './testing/samples.js';

const { KEYS } = sample;
const KIB = 1024;

/** Signs whatever it is given, as a broken or stolen signer would. */
function signAnything(text: string | Uint8Array) {
  const bytes = Buffer.from(text);
  return {
    bytes,
    keyId: KEYS.command.keyId,
    signature: signFields(KEYS.command, 'ph-cmd-v1', [KEYS.command.keyId, bytes]),
  };
}
const openText = (text: string) => openEnvelope(signAnything(text), sample.EXPECTATION);
const MALFORMED = { ok: false, problem: 'MALFORMED', id: null };

const accepts = (args: object) =>
  commandArgumentsSchema.safeParse({ ...sample.COMMAND_INTENT.arguments, ...args }).success;
const script = (text: string) => accepts({ program: { type: 'script', script: text, interpreter: 'sh' } });
const argv = (list: string[]) => accepts({ program: { type: 'argv', argv: list } });
const timeout = (timeoutMs: number) =>
  commandLimitsSchema.safeParse({ ...sample.COMMAND_INTENT.limits, timeoutMs }).success;
/** So many variables of ten bytes each: a name of two, a value of six, `=` and NUL. */
const environment = (count: number, value = 'sixsix') =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      String.fromCharCode(65 + (index >> 4)) + (index & 15).toString(16),
      value,
    ]),
  );

describe('what a command may ask for, just within and just beyond', () => {
  it.each<[string, boolean, boolean]>([
    ['a script of 256 KiB', script('x'.repeat(256 * KIB)), true],
    ['a script of 256 KiB and a byte', script('x'.repeat(256 * KIB + 1)), false],
    ['a script of 256 KiB counted in bytes', script('ü'.repeat(128 * KIB)), true],
    ['a script beyond it only in bytes', script('ü'.repeat(128 * KIB) + 'x'), false],
    ['a script of blanks', script(' \n\t'), false],
    ['a script with a NUL byte', script('echo \0'), false],
    ['256 arguments', argv(Array.from({ length: 256 }, () => 'x')), true],
    ['257 arguments', argv(Array.from({ length: 257 }, () => 'x')), false],
    ['arguments of 128 KiB', argv(['x', 'y'.repeat(128 * KIB - 3)]), true],
    ['arguments of 128 KiB and a byte', argv(['x', 'y'.repeat(128 * KIB - 2)]), false],
    ['no arguments', argv([]), false],
    ['an empty program', argv(['', 'x']), false],
    ['an empty argument', argv(['x', '']), true],
    ['an argument with a NUL byte', argv(['x', 'a\0b']), false],
    ['an argument that begins with a dash', argv(['x', '-rf']), true],
    ['128 variables', accepts({ environment: environment(128) }), true],
    ['129 variables', accepts({ environment: environment(129) }), false],
    ['an environment of 64 KiB', accepts({ environment: { A: 'x'.repeat(64 * KIB - 3) } }), true],
    ['an environment of 64 KiB and a byte', accepts({ environment: { A: 'x'.repeat(64 * KIB - 2) } }), false],
    ['a variable named with `=`', accepts({ environment: { 'A=B': 'x' } }), false],
    ['a variable with a NUL byte', accepts({ environment: { A: '\0' } }), false],
    ['256 KiB of standard input', accepts({ stdin: Buffer.alloc(256 * KIB).toString('base64') }), true],
    ['a byte more', accepts({ stdin: Buffer.alloc(256 * KIB + 1).toString('base64') }), false],
    ['standard input that is not base64', accepts({ stdin: '***' }), false],
    ['a directory of 4,096 bytes', accepts({ workingDirectory: `/${'x'.repeat(4095)}` }), true],
    ['a directory of 4,097 bytes', accepts({ workingDirectory: `/${'x'.repeat(4096)}` }), false],
    ['a relative directory', accepts({ workingDirectory: 'srv' }), false],
    ['a user of 32 letters', accepts({ user: 'x'.repeat(32) }), true],
    ['a user of 33 letters', accepts({ user: 'x'.repeat(33) }), false],
    ['a user that is an option', accepts({ user: '-root' }), false],
    ['priority 100', accepts({ priority: 100 }), true],
    ['priority 101', accepts({ priority: 101 }), false],
    ['priority -100', accepts({ priority: -100 }), true],
    ['priority -101', accepts({ priority: -101 }), false],
    ['a field nobody knows', accepts({ sudo: true }), false],
    ['a time-out of -1 ms', timeout(-1), false],
    ['a time-out of 0', timeout(0), false],
    ['a time-out of 99 ms', timeout(99), false],
    ['a time-out of 100 ms', timeout(100), true],
    ['a time-out of 24 h', timeout(COMMAND_LIMITS.maxTimeoutMs), true],
    ['a time-out of 24 h and 1 ms', timeout(COMMAND_LIMITS.maxTimeoutMs + 1), false],
    ['a time-out that is no number', timeout(Number.NaN), false],
    ['a time-out of half a millisecond more', timeout(100.5), false],
  ])('%s', (_, accepted, expected) => {
    expect(accepted).toBe(expected);
  });
});

describe('names that mean something to JavaScript', () => {
  const withKey = (path: string, key: string) =>
    JSON.stringify(sample.ENVELOPE).replace(`"${path}":{`, `"${path}":{"${key}":{"polluted":"yes"},`);

  it.each(['__proto__', 'constructor', 'prototype'])('%s is refused at every level of a signed envelope', (key) => {
    for (const path of ['intent', 'audit', 'arguments', 'program', 'limits', 'actor']) {
      const text = withKey(path, key);
      expect(text).toContain(key);
      expect(openText(text)).toEqual(MALFORMED);
    }
    expect(openText(`{"${key}":{},${JSON.stringify(sample.ENVELOPE).slice(1)}`)).toEqual(MALFORMED);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'prototype'])('%s is no variable of a command', (key) => {
    expect(openText(JSON.stringify(sample.ENVELOPE).replace('"LANG"', `"${key}"`))).toEqual(MALFORMED);
  });
});

describe('a signed envelope in no form of the protocol', () => {
  it.each([
    ['nothing', ''],
    ['no JSON', '{"intent":'],
    ['null', 'null'],
    ['a list', '[]'],
    ['another version', JSON.stringify(sample.ENVELOPE).replace('"version":1', '"version":2')],
    ['another kind', JSON.stringify(sample.ENVELOPE).replace('"command"', '"reboot"')],
    ['a time without milliseconds', JSON.stringify(sample.ENVELOPE).replace('00.000Z', '00Z')],
    ['a day that does not exist', JSON.stringify(sample.ENVELOPE).replace('11-22T', '02-30T')],
    ['a scope nobody knows', JSON.stringify(sample.ENVELOPE).replace('"exec"', '"everything"')],
    ['nesting of 100,000', '['.repeat(100_000)],
  ])('is refused: %s', (_, text) => {
    expect(openText(text)).toEqual(MALFORMED);
  });

  it('is refused: bytes that are no UTF-8', () => {
    const bytes = Buffer.from(JSON.stringify(sample.ENVELOPE));
    bytes[bytes.indexOf('echo')] = 0xff;
    expect(openEnvelope(signAnything(bytes), sample.EXPECTATION)).toEqual(MALFORMED);
  });

  it('is refused before it is verified once it is too long', () => {
    const padded = (length: number) => {
      const bytes = Buffer.alloc(length, ' ');
      bytes.write(JSON.stringify(sample.ENVELOPE));
      return signAnything(bytes);
    };
    const open = (length: number) => openEnvelope(padded(length), sample.EXPECTATION);
    expect(open(ENVELOPE_LIMITS.maxEnvelopeBytes).ok).toBe(true);
    expect(open(ENVELOPE_LIMITS.maxEnvelopeBytes + 1)).toEqual(MALFORMED);
  });

  it('fits one message of the link when it is as long as it may be', () => {
    const bytes = Buffer.alloc(ENVELOPE_LIMITS.maxEnvelopeBytes).toString('base64');
    const instruction = {
      __typename: 'EnvelopeInstruction',
      deliveryId: sample.COMMAND_ID,
      bytes,
      keyId: KEYS.command.keyId,
    };
    const payload = { data: { instructions: { ...instruction, signature: 'x'.repeat(88) } } };
    const message = JSON.stringify({ id: sample.COMMAND_ID, type: 'next', payload });
    expect(message.length).toBeLessThan(LINK_LIMITS.maxMessageBytes);
  });

  it('is never made: arguments that pass fit an envelope, and those that do not are refused with a reason', () => {
    // Six bytes each in JSON.
    const withControls = (count: number) => ({
      ...sample.COMMAND_INTENT.arguments,
      program: { type: 'script', script: 'x'.padEnd(count, '\u0001'), interpreter: 'sh' } as const,
    });
    const most = Math.floor((ENVELOPE_LIMITS.maxEnvelopeBytes - 8 * KIB - 250) / 6);
    const intent = { ...sample.COMMAND_INTENT, arguments: withControls(most) };
    const signed = signEnvelope(KEYS.command, { ...sample.ENVELOPE, intent });
    expect(openEnvelope(signed, sample.EXPECTATION).ok).toBe(true);
    const refused = commandArgumentsSchema.safeParse(withControls(most + 100));
    expect(refused.error?.issues[0]?.message).toMatch(/longer than \d+ bytes once written as JSON/);
  });
});

describe('decoders never throw and never accept', () => {
  const junk = fc.oneof(fc.anything(), fc.json(), fc.jsonValue());
  const key64 = { keyId: KEYS.command.keyId, publicKey: KEYS.command.publicKey };

  it('any bytes for an envelope or a result', () => {
    const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(bytes, bytes, (body, signature) => {
        const signed = { bytes: body, keyId: KEYS.command.keyId, signature };
        expect(openEnvelope(signed, sample.EXPECTATION).ok).toBe(false);
        expect(
          openResult({ bytes: body, signature }, { id: sample.AGENT_ID, publicKey: KEYS.agent.publicKey }),
        ).toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  it('any well signed bytes for an envelope', () => {
    fc.assert(
      fc.property(junk, (value) => {
        const text = typeof value === 'string' ? value : (JSON.stringify(value, bigintAsText) ?? '');
        expect(openText(text)).toEqual(MALFORMED);
      }),
      { numRuns: 500 },
    );
  });

  it('any value for a keyset, a release, a receipt, a frame or either half of the handshake', () => {
    fc.assert(
      fc.property(junk, (value) => {
        expect(openKeyset(value, 'ab'.repeat(32)).ok).toBe(false);
        expect(openRelease(value, 'ab'.repeat(32)).ok).toBe(false);
        expect(openReceipt(value, [key64])).toBeNull();
        expect(readAgentFrame(value)).toBeNull();
        for (const schema of [agentHelloSchema, controlPlaneAckSchema, envelopeSchema, programSchema]) {
          expect(schema.safeParse(value).success).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('any texts for keys and signatures', () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array(), fc.string(), (publicKey, signature, text) => {
        expect(verifyFields({ publicKey, domain: 'ph-cmd-v1', fields: [text], signature })).toBe(false);
        const anchor = { workspaceId: text, sequence: 1, hash: text, time: text, keyId: key64.keyId, signature: text };
        expect(verifyAnchor(anchor, [key64])).toBe(false);
        expect(() => parseJson(signature)).not.toThrow();
      }),
    );
  });

  it('a key of small order, under which anyone can sign', () => {
    const points = ['00'.repeat(32), `01${'00'.repeat(31)}`, `ec${'ff'.repeat(30)}7f`, `ed${'ff'.repeat(30)}ff`];
    points.push('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85');
    for (const point of points) {
      const publicKey = Buffer.from(point, 'hex').toString('base64url');
      expect(isPublicKeyText(publicKey)).toBe(false);
      for (let message = 0; message < 16; message++) {
        const fields = [String(message)];
        expect(verifyFields({ publicKey, domain: 'ph-cmd-v1', fields, signature: Buffer.alloc(64) })).toBe(false);
      }
    }
  });

  it('a key in another writing of the same bytes', () => {
    const last = KEYS.command.publicKey.at(-1)!;
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const other = KEYS.command.publicKey.slice(0, -1) + alphabet[alphabet.indexOf(last) + 1]!;
    expect(Buffer.from(other, 'base64url')).toEqual(Buffer.from(KEYS.command.publicKey, 'base64url'));
    expect([isPublicKeyText(KEYS.command.publicKey), isPublicKeyText(other)]).toEqual([true, false]);
  });
});

function bigintAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

describe('frames', () => {
  const accepted = (frame: unknown) => readAgentFrame(frame) !== null;
  const output = (bytes: number, change: object = {}) => ({
    output: {
      ...{ commandId: sample.COMMAND_ID, seq: 1, stream: 'STDOUT', offset: 0 },
      ...{ data: Buffer.alloc(bytes).toString('base64'), ...change },
    },
  });
  const part = (name: string) => ({
    ...{ time: sample.ACK.time, kind: 'CPU', name, busyPct: 1, usedPct: null, usedMib: null, sizeMib: null },
    ...{ inodesUsedPct: null, readKibs: null, writeKibs: null, rxKibs: null, txKibs: null },
  });
  const parts = (count: number) => ({
    telemetry: { samples: [], parts: Array.from({ length: count }, () => part('0')) },
  });

  it.each<[string, unknown, boolean]>([
    ['output of 64 KiB', output(OUTPUT_LIMITS.maxFrameBytes), true],
    ['output of 64 KiB and a byte', output(OUTPUT_LIMITS.maxFrameBytes + 1), false],
    ['output numbered 0', output(1, { seq: 0 }), false],
    ['output of no stream', output(1, { stream: 'STDLOG' }), false],
    ['no member', {}, false],
    ['two members', { ...output(1), received: { commandId: sample.COMMAND_ID } }, false],
    ['1,024 parts', parts(TELEMETRY_LIMITS.maxPartsPerFrame), true],
    ['1,025 parts', parts(TELEMETRY_LIMITS.maxPartsPerFrame + 1), false],
    ['a part’s name of 128 bytes', { telemetry: { samples: [], parts: [part('ü'.repeat(64))] } }, true],
    ['a part’s name of 129 bytes', { telemetry: { samples: [], parts: [part('ü'.repeat(64) + 'x')] } }, false],
    ['a part’s name with a NUL byte', { telemetry: { samples: [], parts: [part('\0')] } }, false],
    ['facts', { facts: sample.FACTS }, true],
    [
      'facts with 17 tags',
      { facts: { ...sample.FACTS, automaticTags: Array.from({ length: 17 }, (_, i) => `t${i}`) } },
      false,
    ],
    ['a figure that is no number', { facts: { ...sample.FACTS, cpuCount: Number.NaN } }, false],
  ])('%s', (_, frame, expected) => {
    expect(accepted(frame)).toBe(expected);
  });

  it('cost no error for each of their wrong items', () => {
    const telemetry = {
      samples: Array.from({ length: TELEMETRY_LIMITS.maxSamplesPerFrame }, () => ({})),
      parts: Array.from({ length: TELEMETRY_LIMITS.maxPartsPerFrame }, () => ({})),
    };
    expect(accepted({ telemetry })).toBe(false);
    expect(telemetryFrameSchema.safeParse(telemetry).error?.issues).toHaveLength(2);
  });
});
