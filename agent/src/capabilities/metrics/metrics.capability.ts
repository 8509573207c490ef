import { randomInt } from 'node:crypto';
import { uptime } from 'node:os';
import { TELEMETRY_LIMITS, type HealthFrame } from '@pilothouse/protocol';
import { readBootId } from '../../kernel/boot-id.js';
import type { Capability, CapabilityStatus } from '../../kernel/capability.js';
import type { FrameSource } from '../../kernel/frame-source.js';
import { HostReader } from './host-reader.js';
import { RecordLog } from './record-log.js';
import { Sampler, type Clock } from './sampler.js';
import { TelemetryBuffer } from './telemetry-buffer.js';

export interface MetricsCapabilityOptions {
  /** Directory of the buffer; made when it is missing. */
  directory: string;
  clock: Clock;
  /** Whether the host policy lets figures be read; asked at every tick, so a change needs no restart. */
  allowed: () => boolean;
  /** Told once when sampling begins to fail, and with null once it works again. */
  onTrouble?: (error: Error | null) => void;
  bufferBytes?: number;
  intervalMs?: number;
  reader?: HostReader;
}

/** Two thousand hosts of one control plane then report over two seconds instead of at once. */
const MAX_PHASE_MS = 2000;

/** Measures the host, keeps what it measured, and gives it to the link. */
export class MetricsCapability implements Capability {
  readonly name = 'metrics';
  readonly sources: readonly FrameSource[];
  private readonly reader: HostReader;
  private readonly sampler: Sampler;
  private trouble: Error | null = null;

  private constructor(
    private readonly options: MetricsCapabilityOptions,
    private readonly buffer: TelemetryBuffer,
  ) {
    this.sources = [buffer];
    this.reader = options.reader ?? new HostReader();
    this.sampler = new Sampler({
      reader: this.reader,
      clock: options.clock,
      allowed: options.allowed,
      intervalMs: options.intervalMs,
      phaseMs: randomInt(MAX_PHASE_MS),
      onTick: async (tick) => {
        this.note(null);
        await buffer.record(tick);
      },
      onError: (error) => this.note(error instanceof Error ? error : new Error(String(error))),
    });
  }

  /** Opens the buffer a former process left, without measuring yet. */
  static async open(options: MetricsCapabilityOptions): Promise<MetricsCapability> {
    const { directory, clock, allowed, bufferBytes = TELEMETRY_LIMITS.bufferBytes } = options;
    const log = await RecordLog.open({ directory, maxBytes: bufferBytes });
    const bootId = await readBootId().catch(() => '');
    const hostUptime = { bootId, uptimeMs: () => uptime() * 1000 };
    return new MetricsCapability(options, new TelemetryBuffer({ log, clock, uptime: hostUptime, allowed }));
  }

  start(): Promise<void> {
    return this.sampler.start();
  }

  async close(): Promise<void> {
    await this.sampler.stop();
    await this.buffer.close();
  }

  status(): CapabilityStatus {
    const { bytes: bufferedBytes, droppedTicks } = this.buffer;
    const line = `${Math.ceil(bufferedBytes / 1024)} KiB buffered, ${droppedTicks} dropped`;
    return { lines: [line], figures: { bufferedBytes, droppedTicks } };
  }

  checks(): HealthFrame['checks'] {
    const hung = this.reader.mounts.hungPaths;
    const mounts = hung.length > 0 ? `No answer from ${hung.join(', ')}` : null;
    const disk = this.buffer.saving ? null : 'The disk does not take samples; they are kept in memory for ten minutes';
    return [
      check('metrics', this.trouble?.message ?? null),
      check('metrics-mounts', mounts),
      check('metrics-buffer', disk),
    ];
  }

  private note(error: Error | null): void {
    const changed = (error === null) !== (this.trouble === null);
    this.trouble = error;
    if (changed) this.options.onTrouble?.(error);
  }
}

const MAX_MESSAGE_LENGTH = 300;

function check(name: string, problem: string | null): HealthFrame['checks'][number] {
  return { name, ok: problem === null, message: problem?.slice(0, MAX_MESSAGE_LENGTH) ?? null };
}
