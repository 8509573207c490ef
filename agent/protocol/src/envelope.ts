import { z } from 'zod';
import { encodeFields, sha256, sha256Hex } from './bytes.js';
import { parseJson } from './json.js';
import { COMMAND_LIMITS, ENVELOPE_LIMITS, OUTPUT_LIMITS } from './limits.js';
import { ALL_SCOPES } from './scopes.js';
import { signFields, verifyFields, type PublicKeyText, type SigningKey } from './signature.js';

const uuid = z.uuid();
const instant = z.iso.datetime({ offset: false, precision: 3 });
const sha256Text = z.string().regex(/^[0-9a-f]{64}$/);
const noNul = (value: string) => !value.includes('\0');

const byteLength = (limit: number, what: string) =>
  [(value: string) => Buffer.byteLength(value) <= limit, `${what} is longer than ${limit} bytes`] as const;

const text = (limit: number, what: string) =>
  z
    .string()
    .refine(noNul, `${what} contains a NUL byte`)
    .refine(...byteLength(limit, what));

const argv = z
  .array(text(COMMAND_LIMITS.maxArgvBytes, 'an argument'))
  .min(1, 'argv is empty')
  .max(COMMAND_LIMITS.maxArgvEntries, `argv has more than ${COMMAND_LIMITS.maxArgvEntries} entries`)
  .refine((list) => (list[0] ?? '').length > 0, 'the program’s name is empty')
  .refine(
    (list) => list.reduce((sum, entry) => sum + Buffer.byteLength(entry) + 1, 0) <= COMMAND_LIMITS.maxArgvBytes,
    `argv is longer than ${COMMAND_LIMITS.maxArgvBytes} bytes`,
  );

/** Names that zod's record passes over in silence, or that mean something to JavaScript (S-25). */
const UNSAFE_NAMES = ['__proto__', 'constructor', 'prototype'];

const hasSafeNames = (value: unknown) =>
  typeof value !== 'object' || value === null || !UNSAFE_NAMES.some((name) => Object.hasOwn(value, name));

const variables = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'not a name of an environment variable'),
    text(COMMAND_LIMITS.maxEnvironmentBytes, 'a value'),
  )
  .refine(
    (entries) => Object.keys(entries).length <= COMMAND_LIMITS.maxEnvironmentEntries,
    `more than ${COMMAND_LIMITS.maxEnvironmentEntries} environment variables`,
  )
  .refine(
    (entries) =>
      Object.entries(entries).reduce((sum, [name, value]) => sum + name.length + Buffer.byteLength(value) + 2, 0) <=
      COMMAND_LIMITS.maxEnvironmentBytes,
    `the environment is longer than ${COMMAND_LIMITS.maxEnvironmentBytes} bytes`,
  );

const environment = z
  .custom<Record<string, string>>(hasSafeNames, 'not a name of an environment variable')
  .pipe(variables);

/** What to execute: a program with its arguments, or a script handed to `/bin/sh` (or the host's bash) as a file. */
export const programSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('argv'), argv }),
  z.strictObject({
    type: z.literal('script'),
    script: text(COMMAND_LIMITS.maxScriptBytes, 'the script').refine(
      (script) => script.trim() !== '',
      'the script is empty',
    ),
    interpreter: z.enum(['sh', 'bash']),
  }),
]);
export type Program = z.infer<typeof programSchema>;

/** Room in an envelope for all but a command's arguments. */
const ENVELOPE_FRAME_BYTES = 8 * 1024;
const maxArgumentsBytes = ENVELOPE_LIMITS.maxEnvelopeBytes - ENVELOPE_FRAME_BYTES;

export const commandArgumentsSchema = z
  .strictObject({
    program: programSchema,
    /** Absolute path, or null for the home directory of the user it runs as. */
    workingDirectory: text(COMMAND_LIMITS.maxPathBytes, 'the working directory')
      .refine((path) => path.startsWith('/'), 'the working directory is not an absolute path')
      .nullable(),
    /** Name of a user of the host, or null for the agent's own. Needs the scope `run-as`. */
    user: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]{0,31}\$?$/, 'not a user name')
      .nullable(),
    environment,
    /** Bytes given on standard input, base64; null for an empty one. */
    stdin: z
      .base64('standard input is not base64')
      .refine(
        (value) => Buffer.byteLength(value, 'base64') <= COMMAND_LIMITS.maxStdinBytes,
        `standard input is longer than ${COMMAND_LIMITS.maxStdinBytes} bytes`,
      )
      .nullable(),
    /** Higher starts first; equal priorities start in order of `sequence`. */
    priority: z.int().min(COMMAND_LIMITS.minPriority).max(COMMAND_LIMITS.maxPriority),
  })
  .refine(
    // JSON writes control characters with six bytes, so parts within their limits can be too long together.
    (value) => Buffer.byteLength(JSON.stringify(value)) <= maxArgumentsBytes,
    `the command is longer than ${maxArgumentsBytes} bytes once written as JSON`,
  );
export type CommandArguments = z.infer<typeof commandArgumentsSchema>;

export const commandLimitsSchema = z.strictObject({
  timeoutMs: z.int().min(COMMAND_LIMITS.minTimeoutMs).max(COMMAND_LIMITS.maxTimeoutMs),
  /** The command starts only while fewer than this many commands run on the server. */
  concurrency: z.int().min(1).max(COMMAND_LIMITS.maxConcurrency),
  keptHeadBytes: z.int().min(0).max(OUTPUT_LIMITS.keptHeadBytes),
  keptTailBytes: z.int().min(0).max(OUTPUT_LIMITS.keptTailBytes),
});
export type CommandLimits = z.infer<typeof commandLimitsSchema>;

const actor = z.strictObject({
  kind: z.enum(['USER', 'API_TOKEN', 'SYSTEM']),
  id: uuid,
});

const common = {
  version: z.literal(1),
  id: uuid,
  serverId: uuid,
  workspaceId: uuid,
  /** Rises on revocation and re-enrolment; the agent refuses any but its own. */
  generation: z.int().min(1),
  /** Order of instructions for one server. */
  sequence: z.int().min(1),
  issuedAt: instant,
  notBefore: instant,
  expiresAt: instant,
  scopes: z.array(z.enum(ALL_SCOPES)).max(ALL_SCOPES.length),
  actor,
  /** SHA-256 of what a person approved; null where no approval was needed. */
  approvalDigest: sha256Text.nullable(),
};

/** An instruction as it is intended, before the audit chain has given it its place. */
export const intentSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('command'),
    ...common,
    arguments: commandArgumentsSchema,
    limits: commandLimitsSchema,
    /** Whether it may be run again after an interruption whose outcome is unknown. */
    idempotent: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('cancel'), ...common, arguments: z.strictObject({ commandId: uuid }) }),
]);
export type Intent = z.infer<typeof intentSchema>;
export type CommandIntent = Extract<Intent, { kind: 'command' }>;
export type CancelIntent = Extract<Intent, { kind: 'cancel' }>;

const auditPlace = z.strictObject({ sequence: z.int().min(1), hash: sha256Text });
export type AuditPlace = z.infer<typeof auditPlace>;

/** The whole envelope: the intent and its place in the workspace's audit chain. */
export const envelopeSchema = z.strictObject({ intent: intentSchema, audit: auditPlace });
export type Envelope = z.infer<typeof envelopeSchema>;

/** An intent that was checked, with its exact bytes: written once, digested and signed as it stands. */
export interface WrittenIntent {
  readonly intent: Intent;
  readonly bytes: Buffer;
}

/** Key order is the schema's, so equal intents have equal bytes. @throws when it is not an intent. */
export function writeIntent(intent: Intent): WrittenIntent {
  const checked = intentSchema.parse(intent);
  return { intent: checked, bytes: Buffer.from(JSON.stringify(checked)) };
}

/** Digest that binds an audit row to all instructions it stands for, in their order: 64 hexadecimal characters. */
export function intentDigest(intents: readonly Intent[]): string {
  return writtenDigest(intents.map(writeIntent));
}

export function writtenDigest(written: readonly WrittenIntent[]): string {
  return sha256Hex(
    encodeFields(
      'ph-intent-v1',
      written.map(({ bytes }) => sha256(bytes)),
    ),
  );
}

/** An envelope as it is stored and sent: the exact signed bytes, the key's id and the signature. */
export interface SignedEnvelope {
  bytes: Buffer;
  keyId: string;
  signature: Buffer;
}

/** The bytes are those of the envelope as JSON, with the intent's own bytes inside. */
export function signWritten(key: SigningKey, { bytes: intent }: WrittenIntent, audit: AuditPlace): SignedEnvelope {
  const place = Buffer.from(`,"audit":${JSON.stringify(auditPlace.parse(audit))}}`);
  const bytes = Buffer.concat([Buffer.from('{"intent":'), intent, place]);
  return { bytes, keyId: key.keyId, signature: signFields(key, 'ph-cmd-v1', [key.keyId, bytes]) };
}

/** Why an envelope is not carried out. */
export const ENVELOPE_PROBLEMS = [
  'UNKNOWN_KEY',
  'BAD_SIGNATURE',
  'MALFORMED',
  'OTHER_SERVER',
  'STALE_GENERATION',
  'NOT_YET_VALID',
  'EXPIRED',
  'LIFETIME_TOO_LONG',
] as const;
export type EnvelopeProblem = (typeof ENVELOPE_PROBLEMS)[number];

/** A public key that may have signed an envelope. */
export interface CommandKey {
  keyId: string;
  publicKey: PublicKeyText;
}

/** What an envelope is judged against. `now` is the control plane's time, from the last handshake and a monotonic clock. */
export interface EnvelopeExpectation {
  commandKeys: readonly CommandKey[];
  serverId: string;
  generation: number;
  now: Date;
}

export type OpenedEnvelope =
  { ok: true; envelope: Envelope } | { ok: false; problem: EnvelopeProblem; id: string | null };

/**
 * Verifies first, parses afterwards. Never throws. `id` is given with a problem only when the signature was genuine,
 * so that a refusal can name the command.
 */
export function openEnvelope(signed: SignedEnvelope, expected: EnvelopeExpectation): OpenedEnvelope {
  const read = readEnvelope(signed, expected.commandKeys);
  if (!read.ok) return read;
  const { intent } = read.envelope;
  const problem = judgeIntent(intent, expected);
  return problem ? { ok: false, problem, id: intent.id } : read;
}

/** Whether one of these keys has signed an envelope, and what it says: not whether it may be carried out. Never throws. */
export function readEnvelope(signed: SignedEnvelope, commandKeys: readonly CommandKey[]): OpenedEnvelope {
  const refuse = (problem: EnvelopeProblem): OpenedEnvelope => ({ ok: false, problem, id: null });
  const key = commandKeys.find((candidate) => candidate.keyId === signed.keyId);
  if (!key) return refuse('UNKNOWN_KEY');
  if (signed.bytes.length > ENVELOPE_LIMITS.maxEnvelopeBytes) return refuse('MALFORMED');
  const fields = [signed.keyId, signed.bytes];
  if (!verifyFields({ publicKey: key.publicKey, domain: 'ph-cmd-v1', fields, signature: signed.signature })) {
    return refuse('BAD_SIGNATURE');
  }
  const parsed = envelopeSchema.safeParse(parseJson(signed.bytes));
  return parsed.success ? { ok: true, envelope: parsed.data } : refuse('MALFORMED');
}

function judgeIntent(intent: Intent, expected: EnvelopeExpectation): EnvelopeProblem | undefined {
  if (intent.serverId !== expected.serverId) return 'OTHER_SERVER';
  if (intent.generation !== expected.generation) return 'STALE_GENERATION';
  const expiresAtMs = Date.parse(intent.expiresAt);
  if (expiresAtMs - Date.parse(intent.issuedAt) > ENVELOPE_LIMITS.maxLifetimeMs) return 'LIFETIME_TOO_LONG';
  if (expected.now.getTime() < Date.parse(intent.notBefore)) return 'NOT_YET_VALID';
  if (expected.now.getTime() >= expiresAtMs) return 'EXPIRED';
  return undefined;
}
