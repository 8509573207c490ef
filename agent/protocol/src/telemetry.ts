import { z } from 'zod';
import { listOf } from './json.js';
import { TELEMETRY_LIMITS } from './limits.js';

const percent = z.number().min(0).max(100);
const rate = z.number().min(0).max(2_147_483_647);
const count = z.int().min(0).max(2_147_483_647);

/**
 * One sample of a whole host. `time` is the control plane's time as the agent knows it, cut to the 10 s tick.
 * Percentages are 0 to 100 of the whole machine; `Mib` is 2^20 bytes; `Kibs` is KiB per second since the last sample.
 * Null: the kernel does not tell (no pressure accounting, say).
 */
export const hostSampleSchema = z.strictObject({
  time: z.iso.datetime({ offset: false }),
  cpuPct: percent,
  iowaitPct: percent,
  stealPct: percent,
  load1: z.number().min(0).max(1e6),
  load5: z.number().min(0).max(1e6),
  load15: z.number().min(0).max(1e6),
  memUsedMib: count,
  memAvailableMib: count,
  swapUsedMib: count,
  /** Used space of all real file systems together. */
  diskUsedMib: count,
  diskReadKibs: rate,
  diskWriteKibs: rate,
  netRxKibs: rate,
  netTxKibs: rate,
  processCount: count,
  /** The fullest file system's share of inodes in use. */
  inodesUsedPct: percent.nullable(),
  /** Pressure stall information: share of the last 10 s in which some task waited. */
  psiCpuPct: percent.nullable(),
  psiMemoryPct: percent.nullable(),
  psiIoPct: percent.nullable(),
});
export type HostSample = z.infer<typeof hostSampleSchema>;

export const PART_KINDS = ['CPU', 'MOUNT', 'DISK', 'INTERFACE'] as const;
export type PartKind = (typeof PART_KINDS)[number];

/** One sample of one part of a host; which figures are present depends on `kind`, the others are null. */
export const hostPartSampleSchema = z.strictObject({
  time: z.iso.datetime({ offset: false }),
  kind: z.enum(PART_KINDS),
  /** Core number, mount point, block device or interface name, as the kernel says it. */
  name: z
    .string()
    .min(1)
    .refine((name) => Buffer.byteLength(name) <= TELEMETRY_LIMITS.maxPartNameBytes && !name.includes('\0')),
  /** CPU, DISK: share of time busy. */
  busyPct: percent.nullable(),
  /** MOUNT: space in use, its share, the size, inodes in use. */
  usedPct: percent.nullable(),
  usedMib: count.nullable(),
  sizeMib: count.nullable(),
  inodesUsedPct: percent.nullable(),
  /** DISK. */
  readKibs: rate.nullable(),
  writeKibs: rate.nullable(),
  /** INTERFACE. */
  rxKibs: rate.nullable(),
  txKibs: rate.nullable(),
});
export type HostPartSample = z.infer<typeof hostPartSampleSchema>;

export const telemetryFrameSchema = z.strictObject({
  samples: listOf(hostSampleSchema, TELEMETRY_LIMITS.maxSamplesPerFrame),
  parts: listOf(hostPartSampleSchema, TELEMETRY_LIMITS.maxPartsPerFrame),
});
export type TelemetryFrame = z.infer<typeof telemetryFrameSchema>;

/** What an agent knows of its host; sent at enrolment, after each connection and when something changed. */
export const hostFactsSchema = z.strictObject({
  hostname: z.string().max(255),
  addresses: z.array(z.string().max(64)).max(64),
  osName: z.string().max(128),
  osVersion: z.string().max(128),
  kernel: z.string().max(128),
  architecture: z.string().max(32),
  cpuModel: z.string().max(128),
  cpuCount: count,
  memoryMib: count,
  swapMib: count,
  /** Sum over real file systems. */
  diskMib: count,
  virtualisation: z.string().max(64).nullable(),
  bootId: z.string().max(64),
  bootedAt: z.iso.datetime({ offset: false }),
  agentVersion: z.string().max(32),
  /** Whether commands run in transient systemd units here. */
  systemd: z.boolean(),
  /** User the agent runs as. */
  agentUser: z.string().max(64),
  /** Derived by the agent: `arm64`, `high-mem`, `gpu`, `systemd` ... */
  automaticTags: z.array(z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/)).max(16),
});
export type HostFacts = z.infer<typeof hostFactsSchema>;
