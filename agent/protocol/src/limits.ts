/**
 * The limits that an operator plans with and that more than one program keeps. Control plane, agent, CLI and tests read
 * the same numbers. What bounds one feature alone stands with that feature's rules.
 *
 * Units are in the names. Sizes count bytes unless the name says otherwise; times count milliseconds unless it says
 * otherwise. Values: DESIGN, "Default limits", and PROTOCOL.md.
 */
const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What one command may ask for. */
export const COMMAND_LIMITS = {
  defaultTimeoutMs: 10 * MINUTE,
  minTimeoutMs: 100,
  maxTimeoutMs: 24 * HOUR,
  maxScriptBytes: 256 * KIB,
  maxArgvEntries: 256,
  maxArgvBytes: 128 * KIB,
  maxEnvironmentEntries: 128,
  maxEnvironmentBytes: 64 * KIB,
  maxStdinBytes: 256 * KIB,
  maxPathBytes: 4096,
  maxUserNameBytes: 64,
  minPriority: -100,
  maxPriority: 100,
  defaultConcurrency: 4,
  maxConcurrency: 16,
  maxQueuedPerServer: 1000,
  defaultQueueExpiryMs: 24 * HOUR,
  minQueueExpiryMs: 1 * SECOND,
  maxQueueExpiryMs: 7 * DAY,
  /** From SIGTERM to SIGKILL of the whole process group; a cancel is confirmed within 5 s. */
  killGraceMs: 3 * SECOND,
} as const;

/** What is kept of a command's output: this much of its beginning and of its end, both streams together. */
export const OUTPUT_LIMITS = {
  keptHeadBytes: 1 * MIB,
  keptTailBytes: 4 * MIB,
  maxFrameBytes: 64 * KIB,
  /** Stream bytes that may be under way, unacknowledged, on one agent socket. */
  maxUnacknowledgedBytes: 256 * KIB,
} as const;

/** One run over many servers. */
export const RUN_LIMITS = { maxServers: 1000, maxBatchSize: 1000, maxBatchPauseMs: HOUR } as const;

/** Deadlines and intervals of the link between agent and control plane (PROTOCOL.md, "Liveness"). */
export const LINK_LIMITS = {
  connectTimeoutMs: 5 * SECOND,
  handshakeTimeoutMs: 5 * SECOND,
  heartbeatIntervalMs: 10 * SECOND,
  silenceTimeoutMs: 20 * SECOND,
  publishTimeoutMs: 20 * SECOND,
  initialBackoffMs: 250,
  /** Cap of the full-jitter back-off in the first `freshOutageMs` of an outage, and afterwards. */
  maxFreshBackoffMs: 5 * SECOND,
  maxBackoffMs: 20 * SECOND,
  freshOutageMs: 2 * MINUTE,
  pauseMs: 5 * MINUTE,
  challengeBytes: 32,
  challengeLifetimeMs: 30 * SECOND,
  maxFramesPerPublish: 256,
  maxMessageBytes: 1 * MIB,
  maxMessageBytesBeforeAuthentication: 64 * KIB,
  /** An envelope that was sent but not acknowledged is sent again after this time. */
  deliveryLeaseMs: 15 * SECOND,
  /** Envelopes delivered to one agent and not yet final, beside those running. */
  deliveryWindow: 32,
  /** Added to a running command's time-out before an unreachable server's command becomes INTERRUPTED. */
  unreachableGraceMs: 5 * MINUTE,
} as const;

/** What the agent samples, buffers and may send. */
export const TELEMETRY_LIMITS = {
  sampleIntervalMs: 10 * SECOND,
  partIntervalMs: 60 * SECOND,
  maxPartsPerKind: 64,
  maxPartNameBytes: 128,
  maxSamplesPerFrame: 256,
  maxPartsPerFrame: 1024,
  /** A sample further ahead of the control plane's clock than this is refused. */
  maxFutureMs: 60 * SECOND,
  bufferBytes: 64 * MIB,
} as const;

/** Enrolment tokens and their use. */
export const ENROLMENT_LIMITS = { tokenLifetimeMs: 24 * HOUR, tokenBytes: 32 } as const;

/** How an agent changes its key. */
export const KEY_ROTATION_LIMITS = {
  defaultIntervalDays: 30,
  /** An announced key that was not used by then is void. */
  pendingLifetimeMs: HOUR,
  /** Until the next change by itself; people may ask for one at any time. */
  minKeyAgeMs: MINUTE,
} as const;

/** An envelope's furthest expiry, and how long after it the agent's journal remembers its id. */
export const ENVELOPE_LIMITS = {
  maxLifetimeMs: 7 * DAY,
  journalMemoryMs: DAY,
  /** In base64 it must fit one message (`LINK_LIMITS.maxMessageBytes`) with room for what stands around it. */
  maxEnvelopeBytes: 720 * KIB,
} as const;

/** Sessions, API tokens and sign-in. */
export const SESSION_LIMITS = {
  idleMs: 30 * DAY,
  absoluteMs: 90 * DAY,
  stepUpMs: 10 * MINUTE,
  maxPasswordBytes: 1 * KIB,
  minPasswordLength: 12,
  totpAttempts: 5,
} as const;

/** Sizes of pages and documents of the user API. */
export const API_LIMITS = {
  defaultPageSize: 50,
  maxPageSize: 200,
  maxDocumentBytes: 64 * KIB,
  maxRequestBytes: 1 * MIB,
  maxSocketMessageBytesBeforeAuthentication: 64 * KIB,
  maxSocketMessageBytes: 1 * MIB,
  connectionInitTimeoutMs: 3 * SECOND,
  maxOperationsPerUserSocket: 50,
  maxOperationsPerAgentSocket: 4,
  maxSocketsPerPrincipal: 64,
  maxSocketsPerAddress: 2500,
  maxDepth: 12,
  maxTokens: 2000,
  maxAliases: 32,
  maxDirectives: 32,
  maxComplexity: 20_000,
} as const;
