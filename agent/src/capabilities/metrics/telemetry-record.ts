import { hostPartSampleSchema, hostSampleSchema, parseJson, TELEMETRY_LIMITS } from '@pilothouse/protocol';
import { z } from 'zod';
import type { Clock, Tick } from './sampler.js';

/** The host's own measure of time, which no one sets: how long it has been up, and since which boot. */
export interface Uptime {
  bootId: string;
  uptimeMs(): number;
}

const recordSchema = z.strictObject({
  boot: z.string(),
  uptimeMs: z.number(),
  sample: hostSampleSchema,
  parts: z.array(hostPartSampleSchema),
});
type TelemetryRecord = z.infer<typeof recordSchema>;

/** A record longer than this would not fit the room that the link gives to telemetry, and hold up all behind it. */
export const MAX_RECORD_BYTES = 128 * 1024;

/**
 * A tick as it is kept on disk, with the host's uptime beside the time that the clock told. Without its parts where
 * hundreds of them bear names that JSON can only write with six bytes a character.
 */
export function encodeTick(tick: Tick, uptime: Uptime): Buffer {
  const record: TelemetryRecord = { boot: uptime.bootId, uptimeMs: Math.round(uptime.uptimeMs()), ...tick };
  const bytes = Buffer.from(JSON.stringify(record));
  return bytes.length <= MAX_RECORD_BYTES ? bytes : Buffer.from(JSON.stringify({ ...record, parts: [] }));
}

/**
 * The tick of a kept record; null when it is in no form this agent knows (an older agent may have written it) or lies
 * in the future.
 *
 * A host that booted with a wrong clock and no connection has stamped its samples wrongly. Where the uptime shows that
 * the clock has been set since, in the same boot, the time is put right.
 */
export function decodeTick(payload: Buffer, { clock, uptime }: { clock: Clock; uptime: Uptime }): Tick | null {
  const parsed = recordSchema.safeParse(parseJson(payload));
  if (!parsed.success) return null;
  const { boot, uptimeMs, sample, parts } = parsed.data;
  const nowMs = clock.now().getTime();
  const stampedMs = Date.parse(sample.time);
  const takenMs = boot === uptime.bootId ? nowMs - (uptime.uptimeMs() - uptimeMs) : stampedMs;
  const timeMs = Math.abs(takenMs - stampedMs) < TELEMETRY_LIMITS.sampleIntervalMs ? stampedMs : tickOf(takenMs);
  if (timeMs > nowMs + TELEMETRY_LIMITS.maxFutureMs) return null;
  const time = new Date(timeMs).toISOString();
  return { sample: { ...sample, time }, parts: parts.map((part) => ({ ...part, time })) };
}

const tickOf = (timeMs: number) => timeMs - (timeMs % TELEMETRY_LIMITS.sampleIntervalMs);
