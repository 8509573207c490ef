import { DatabaseError, type Pool } from 'pg';
import type { TelemetryBatch, WriteReport } from './batch.js';
import { writeBatches } from './flush.js';

/** So many rows wait already that no more are taken; the agent keeps its buffer and sends again. */
export class TelemetryOverloadedError extends Error {
  override readonly name = 'TelemetryOverloadedError';

  constructor(readonly pendingRows: number) {
    super(`${pendingRows} rows of telemetry wait to be written; no more are taken for now`);
  }
}

export interface TelemetryWriterOptions {
  /** A flush takes waiting batches until it has this many rows; a larger batch goes alone. */
  maxRowsPerFlush?: number;
  /** Rows that may wait or be under way; a batch beyond that is rejected. */
  maxPendingRows?: number;
}

interface Waiting {
  batch: TelemetryBatch;
  rows: number;
  resolve(report: WriteReport): void;
  reject(error: unknown): void;
}

/** Two keep both ends busy, one encoding while the database writes the other; more gain nothing. */
const MAX_FLUSHES = 2;

/**
 * Writes telemetry in groups: batches that arrive while a flush is under way go together into the next one, so that
 * the size of a statement follows the load and a lone batch waits for nothing. A second flush is started beside the
 * first only when it would be full, and never with a server of the first.
 *
 * A flush is one statement and one transaction. It holds the agent sessions whose epoch is current and leaves the
 * others out, so that a replaced connection cannot write. Repeating a batch is harmless.
 */
export class TelemetryWriter {
  private waiting: Waiting[] = [];
  private readonly maxRowsPerFlush: number;
  private readonly maxPendingRows: number;
  private readonly flushes = new Set<Promise<void>>();
  private readonly busyServers = new Set<string>();
  private pendingRows = 0;
  private waitingRows = 0;

  /** `pool` logs in as `ph_telemetry_writer`, whose statements the database ends after 20 s. */
  constructor(
    private readonly pool: Pool,
    { maxRowsPerFlush = 1000, maxPendingRows = 20_000 }: TelemetryWriterOptions = {},
  ) {
    this.maxRowsPerFlush = maxRowsPerFlush;
    this.maxPendingRows = maxPendingRows;
  }

  /**
   * Resolves when the batch is committed.
   * @throws TelemetryOverloadedError, or what the database said; in both cases nothing of the batch was written
   *   for certain, and sending it again is right
   */
  write(batch: TelemetryBatch): Promise<WriteReport> {
    const rows = batch.samples.length + batch.parts.length;
    if (this.pendingRows + rows > this.maxPendingRows) {
      return Promise.reject(new TelemetryOverloadedError(this.pendingRows));
    }
    this.pendingRows += rows;
    this.waitingRows += rows;
    return new Promise((resolve, reject) => {
      this.waiting.push({ batch, rows, resolve, reject });
      this.startFlushes();
    });
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    while (this.flushes.size > 0) await Promise.all(this.flushes);
  }

  private startFlushes(): void {
    const wanted = (): boolean =>
      this.flushes.size === 0 || (this.flushes.size < MAX_FLUSHES && this.waitingRows >= this.maxRowsPerFlush);
    while (this.waiting.length > 0 && wanted()) {
      const group = this.takeGroup();
      if (group.length === 0) return;
      const flush = this.flush(group).finally(() => {
        this.flushes.delete(flush);
        for (const { batch } of group) this.busyServers.delete(batch.serverId);
        this.startFlushes();
      });
      this.flushes.add(flush);
    }
  }

  /** In order of arrival. Two epochs of one server never meet in one group: the session is found by its server. */
  private takeGroup(): Waiting[] {
    const group: Waiting[] = [];
    const left: Waiting[] = [];
    const epochs = new Map<string, string>();
    let rows = 0;
    let looked = 0;
    for (const next of this.waiting) {
      if (group.length > 0 && rows + next.rows > this.maxRowsPerFlush) break;
      looked += 1;
      const { serverId, epoch } = next.batch;
      const key = `${epoch.generation}.${epoch.counter}`;
      if (this.busyServers.has(serverId) || (epochs.get(serverId) ?? key) !== key) {
        left.push(next);
        continue;
      }
      epochs.set(serverId, key);
      group.push(next);
      rows += next.rows;
    }
    this.waiting = left.concat(this.waiting.slice(looked));
    this.waitingRows -= rows;
    for (const serverId of epochs.keys()) this.busyServers.add(serverId);
    return group;
  }

  private async flush(group: readonly Waiting[]): Promise<void> {
    try {
      const reports = await writeBatches(
        this.pool,
        group.map(({ batch }) => batch),
      );
      this.settle(group, (waiting, index) => waiting.resolve(reports[index]!));
    } catch (error) {
      if (group.length > 1 && isAboutData(error)) {
        for (const waiting of group) await this.flush([waiting]);
      } else {
        this.settle(group, (waiting) => waiting.reject(error));
      }
    }
  }

  private settle(group: readonly Waiting[], tell: (waiting: Waiting, index: number) => void): void {
    group.forEach((waiting, index) => {
      this.pendingRows -= waiting.rows;
      tell(waiting, index);
    });
  }
}

/** The database could not take some value (SQLSTATE classes 22, 23): then each batch stands for itself. */
const isAboutData = (error: unknown): boolean => error instanceof DatabaseError && /^2[23]/.test(error.code ?? '');
