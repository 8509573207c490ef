import { z } from 'zod';
import { keyRotationFrameSchema } from './key-rotation.js';
import { OUTPUT_LIMITS } from './limits.js';
import { hostFactsSchema, telemetryFrameSchema } from './telemetry.js';

const instant = z.iso.datetime({ offset: false, precision: 3 });
const commandId = z.uuid();

/** The command's envelope is on the agent's disk. */
export const receivedFrameSchema = z.strictObject({ commandId });

/** STARTED is on the agent's disk; the effect may begin after it. */
export const startedFrameSchema = z.strictObject({
  commandId,
  startedAt: instant,
  bootId: z.string().max(64),
  /** The transient systemd unit, null where there is no systemd. */
  unit: z.string().max(128).nullable(),
});

/**
 * One numbered piece of a command's output. `seq` starts at 1 and rises by one over both streams; `offset` counts the
 * bytes of this stream before it.
 */
export const outputFrameSchema = z.strictObject({
  commandId,
  seq: z.int().min(1),
  stream: z.enum(['STDOUT', 'STDERR']),
  offset: z.int().min(0),
  data: z.base64().refine((data) => Buffer.byteLength(data, 'base64') <= OUTPUT_LIMITS.maxFrameBytes),
});

/** The pieces `fromSeq` to `toSeq` were dropped on the host, because the spool is bounded. */
export const outputGapFrameSchema = z.strictObject({
  commandId,
  fromSeq: z.int().min(1),
  toSeq: z.int().min(1),
  bytes: z.int().min(0),
});

/** A signed statement on how a command ended: base64 of its exact bytes, and of the signature. */
export const resultFrameSchema = z.strictObject({ statement: z.base64().max(8192), signature: z.base64().length(88) });

/**
 * Problems of the moment for which an agent refuses an instruction: nothing has happened, and the same envelope is taken
 * when it is delivered again. Every other problem is for good.
 */
export const PASSING_REFUSALS = ['NO_HANDSHAKE', 'NO_SPACE', 'QUEUE_FULL'] as const;
export type PassingRefusal = (typeof PASSING_REFUSALS)[number];

/** An instruction that was refused before it could become a command: a forged or altered row, say. */
export const refusedFrameSchema = z.strictObject({
  /** Id of the delivery, as the control plane gave it. */
  commandId,
  problem: z.string().max(64),
});

/** Whether capabilities work; any failing check makes the server degraded. */
export const healthFrameSchema = z.strictObject({
  checks: z
    .array(z.strictObject({ name: z.string().max(64), ok: z.boolean(), message: z.string().max(300).nullable() }))
    .max(32),
});

const frameSchemas = {
  received: z.strictObject({ received: receivedFrameSchema }),
  started: z.strictObject({ started: startedFrameSchema }),
  output: z.strictObject({ output: outputFrameSchema }),
  outputGap: z.strictObject({ outputGap: outputGapFrameSchema }),
  result: z.strictObject({ result: resultFrameSchema }),
  refused: z.strictObject({ refused: refusedFrameSchema }),
  telemetry: z.strictObject({ telemetry: telemetryFrameSchema }),
  facts: z.strictObject({ facts: hostFactsSchema }),
  health: z.strictObject({ health: healthFrameSchema }),
  keyRotation: z.strictObject({ keyRotation: keyRotationFrameSchema }),
};

/** Everything an agent may publish: exactly one member is present. */
export type AgentFrame = z.infer<(typeof frameSchemas)[keyof typeof frameSchemas]>;

/** The name of a frame's one member. */
export type FrameKind = keyof typeof frameSchemas;

/** What a frame of this kind carries. */
export type FrameBody<Kind extends FrameKind> = Extract<AgentFrame, Record<Kind, unknown>>[Kind];

export function frameKindOf(frame: AgentFrame): FrameKind {
  const [kind] = Object.keys(frame);
  return kind as FrameKind;
}

/** What the frame carries, if it is of this kind. */
export function frameBody<Kind extends FrameKind>(frame: AgentFrame, kind: Kind): FrameBody<Kind> | undefined {
  const members: Partial<Record<FrameKind, unknown>> = frame;
  return members[kind] as FrameBody<Kind> | undefined;
}

/** The frame, or null when it is none. Judges a frame by its one member alone, where a union would try all. */
export function readAgentFrame(value: unknown): AgentFrame | null {
  if (typeof value !== 'object' || value === null) return null;
  const [name = '', ...others] = Object.keys(value);
  if (others.length > 0 || !Object.hasOwn(frameSchemas, name)) return null;
  return frameSchemas[name as FrameKind].safeParse(value).data ?? null;
}

export type OutputFrame = z.infer<typeof outputFrameSchema>;
export type OutputGapFrame = z.infer<typeof outputGapFrameSchema>;
export type StartedFrame = z.infer<typeof startedFrameSchema>;
export type HealthFrame = z.infer<typeof healthFrameSchema>;
