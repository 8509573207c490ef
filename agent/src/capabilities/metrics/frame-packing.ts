import { TELEMETRY_LIMITS, type TelemetryFrame } from '@pilothouse/protocol';
import type { Tick } from './sampler.js';

/** A tick to be sent; null when its record cannot be: it takes no room, but goes the way of its neighbours. */
export interface Packable {
  tick: Tick | null;
  bytes: number;
}

/** JSON around the samples of one frame. */
const FRAME_OVERHEAD_BYTES = 64;

/** Groups ticks, in their order, into frames within the protocol's limits, until `maxBytes` are used up. */
export function packFrames<T extends Packable>(items: readonly T[], maxBytes: number): T[][] {
  const groups: T[][] = [];
  let room = maxBytes;
  let size = { samples: 0, parts: 0 };
  for (const item of items) {
    const parts = item.tick?.parts.length ?? 0;
    const full =
      size.samples + 1 > TELEMETRY_LIMITS.maxSamplesPerFrame || size.parts + parts > TELEMETRY_LIMITS.maxPartsPerFrame;
    const opens = groups.length === 0 || (item.tick !== null && full);
    if (item.tick) room -= item.bytes + (opens ? FRAME_OVERHEAD_BYTES : 0);
    if (room < 0) break;
    if (opens) {
      groups.push([]);
      size = { samples: 0, parts: 0 };
    }
    groups.at(-1)!.push(item);
    if (item.tick) size = { samples: size.samples + 1, parts: size.parts + parts };
  }
  return groups;
}

/** An upper bound of what a frame takes on the wire. */
export function frameBytes(group: readonly Packable[]): number {
  return group.reduce((sum, { tick, bytes }) => sum + (tick ? bytes : 0), FRAME_OVERHEAD_BYTES);
}

export function telemetryFrame(group: readonly Packable[]): TelemetryFrame {
  const ticks = group.flatMap(({ tick }) => tick ?? []);
  return { samples: ticks.map(({ sample }) => sample), parts: ticks.flatMap(({ parts }) => parts) };
}
