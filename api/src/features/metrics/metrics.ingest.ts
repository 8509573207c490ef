import {
  TelemetryOverloadedError,
  type RefusalReason,
  type RowRefusal,
  type TelemetryBatch,
  type TelemetryWriter,
} from '@pilothouse/db/timeseries';
import type { TelemetryFrame } from '@pilothouse/protocol';
import { orUnavailable } from '../../kernel/database/index.js';
import { Fault } from '../../kernel/fault.js';
import type { WakeLimiter } from './wake.limiter.js';

/** The connection that samples come in on. */
export interface SamplingAgent {
  serverId: string;
  workspaceId: string;
  epoch: TelemetryBatch['epoch'];
}

export interface SampleRefusal {
  /** Place among the frame's samples, or among its parts. */
  index: number;
  kind: 'sample' | 'part';
  code: RefusalReason;
  message: string;
}

export interface IngestReport {
  /** A newer connection has taken over; nothing was written. */
  fenced: boolean;
  refused: SampleRefusal[];
}

const REASONS: Readonly<Record<RefusalReason, string>> = {
  IN_FUTURE: 'its time is ahead of the control plane’s clock',
  TOO_OLD: 'it is older than samples are kept',
  NOT_FINITE: 'its time or a figure is missing or not a number',
  OUT_OF_RANGE: 'a figure is outside what its unit allows',
  INVALID_PART: 'its kind or name is not acceptable',
  TOO_MANY_PARTS: 'the server already has as many parts of this kind as are kept',
};

/** Takes in what agents measured. */
export class MetricsIngest {
  constructor(private readonly parts: { writer: TelemetryWriter; wakes: WakeLimiter }) {}

  /**
   * Resolves when the frame's rows are durable, all but those refused. Repeating a frame is harmless.
   * @throws UNAVAILABLE when the store is away or cannot keep up: the agent sends the frame again.
   */
  async accept(agent: SamplingAgent, frame: TelemetryFrame): Promise<IngestReport> {
    const { serverId, workspaceId, epoch } = agent;
    const { writer } = this.parts;
    const written = orUnavailable(() => writer.write({ serverId, epoch, ...frame }));
    const report = await written.catch((error: unknown) => {
      if (!(error instanceof TelemetryOverloadedError)) throw error;
      throw new Fault('UNAVAILABLE', 'The telemetry store cannot keep up. Send the samples again later.', {
        cause: error,
      });
    });
    if (report.written > 0) this.parts.wakes.wake(`metrics:${workspaceId}`);
    return { fenced: report.fenced, refused: report.refused.map(toRefusal) };
  }
}

function toRefusal({ index, kind, reason }: RowRefusal): SampleRefusal {
  return { index, kind, code: reason, message: `The ${kind} at ${index} was refused: ${REASONS[reason]}.` };
}
