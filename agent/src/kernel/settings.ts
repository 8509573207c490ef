import { z } from 'zod';
import { COMMAND_LIMITS, KEY_ROTATION_LIMITS, TELEMETRY_LIMITS } from '@pilothouse/protocol';
import type { Environment } from './environment.js';
import { LOG_LEVELS } from './log.js';

/** A spare runner is told a directory as one line. */
const LINE_TEXT = /^[^\p{Cc}\u2028\u2029]*$/u;

const fingerprint = z
  .string()
  .transform((text) => text.replaceAll(':', '').toLowerCase())
  .pipe(z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 fingerprint: 64 hexadecimal characters'));

/** Of a certificate, or of its key as curl and wget write it. */
const tlsPin = z.union([z.string().regex(/^sha256\/\/[A-Za-z0-9+/]{43}=$/), fingerprint], {
  error: 'must be a SHA-256 fingerprint, or sha256// and the base64 of a public key’s',
});

const absolutePath = z
  .string()
  .startsWith('/', 'must be an absolute path')
  .regex(LINE_TEXT, 'must not hold a line break or control character')
  .max(4096);

const origin = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && ['http:', 'https:'].includes(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  context.addIssue('must be an address such as https://pilot.example.org, without path, query or credentials');
  return z.NEVER;
});

const sampleSeconds = TELEMETRY_LIMITS.sampleIntervalMs / 1000;

/** Every setting of the agent. The name in the file is in snake_case; in the environment, in capitals with a prefix. */
export const SETTINGS = {
  url: {
    schema: origin.nullable(),
    fallback: () => null,
    meaning: 'Address of the control plane. `enrol` remembers the one it was given',
  },
  pin: {
    schema: fingerprint.nullable(),
    fallback: () => null,
    meaning: 'SHA-256 fingerprint of the control plane’s root key. `enrol` remembers the one it was given',
  },
  tlsPin: {
    schema: tlsPin.nullable(),
    fallback: () => null,
    meaning:
      'Fingerprint of the control plane’s TLS certificate, or `sha256//…` of its key, where no public authority signed it',
  },
  insecureHttp: {
    schema: z.boolean(),
    fallback: () => false,
    meaning: 'Allow an `http://` address that is not this machine',
  },
  stateDirectory: {
    schema: absolutePath,
    fallback: (environment: Environment) => environment.defaultStateDirectory,
    meaning: 'Where identity, keys, journal and buffers are kept',
  },
  keyRotationDays: {
    schema: z.int().min(1).max(365),
    fallback: () => KEY_ROTATION_LIMITS.defaultIntervalDays,
    meaning: 'The agent’s key is replaced when it is so many days old, give or take a tenth',
  },
  logLevel: {
    schema: z.enum(LOG_LEVELS),
    fallback: () => 'info' as const,
    meaning: '`debug`, `info`, `warn`, `error`',
  },
  metrics: { schema: z.boolean(), fallback: () => true, meaning: 'Sample the host’s figures and send them' },
  metricsIntervalSeconds: {
    schema: z.int().min(sampleSeconds).max(300).multipleOf(sampleSeconds, `must be a multiple of ${sampleSeconds}`),
    fallback: () => sampleSeconds,
    meaning: 'Seconds between two samples: a multiple of 10, at most 300',
  },
  telemetryBufferMib: {
    schema: z.int().min(1).max(4096),
    fallback: () => TELEMETRY_LIMITS.bufferBytes / 2 ** 20,
    meaning: 'Disk space in MiB for samples while the control plane is away; the oldest are dropped first',
  },
  commands: { schema: z.boolean(), fallback: () => true, meaning: 'Run commands that the control plane signed' },
  maxConcurrentCommands: {
    schema: z.int().min(1).max(COMMAND_LIMITS.maxConcurrency),
    fallback: () => COMMAND_LIMITS.maxConcurrency,
    meaning: 'At most so many commands run at once, whatever the control plane allows',
  },
  systemdUnits: {
    schema: z.boolean(),
    fallback: () => true,
    meaning: 'As root on a host with systemd, run each command in a transient unit of its own',
  },
  hostPolicy: {
    schema: absolutePath,
    fallback: () => '/etc/pilothouse/host-policy.yaml',
    meaning: 'File that narrows what the control plane may do on this host',
  },
  onStop: {
    schema: z.enum(['leave', 'cancel']),
    fallback: () => 'leave' as const,
    meaning: 'When the agent stops: `leave` running commands to be found again, or `cancel` them',
  },
} as const;

export type SettingName = keyof typeof SETTINGS;
export type AgentConfig = { [Name in SettingName]: z.output<(typeof SETTINGS)[Name]['schema']> };

/** `metricsIntervalSeconds` → `metrics_interval_seconds`, the name in the file. */
export function fileNameOf(setting: string): string {
  return setting.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
