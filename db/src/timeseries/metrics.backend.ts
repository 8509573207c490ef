import type { ClientBase } from 'pg';
import type { Writable } from 'node:stream';
import type { DriverName } from './driver.detection.js';

export interface MaintenanceReport {
  /** False: another process was at it. */
  ran: boolean;
  /** Names of the partitions that retention dropped. */
  dropped: string[];
}

/**
 * What differs between drivers: the schemas `telemetry_raw` and `telemetry_logic` and their upkeep. Both offer the same
 * schema `telemetry`, which is all that writer and reader know.
 */
export interface MetricsBackend {
  readonly name: DriverName;
  /** Brings the store, empty or of any earlier version, to this version. The client may act as `ph_telemetry_owner`. */
  install(client: ClientBase): Promise<void>;
  /**
   * Rolls up, makes partitions, drops expired ones; to be called every minute, by any number of processes.
   *
   * Without `now` by the database's clock, as `ph_jobs`. With it (to catch up in a test or after an import) only a
   * client that acts as `ph_telemetry_owner` may: a wrong time would drop history.
   */
  maintain(client: ClientBase, now?: Date): Promise<MaintenanceReport>;
  /** Drops the partitions of one tier that end at or before `before`, whatever its retention. Returns their names. */
  dropOlderThan(client: ClientBase, tier: string, before: Date): Promise<string[]>;
  /** Writes a table in PostgreSQL's COPY text format, in one snapshot; returns the rows. Never ends the stream. */
  exportTo(client: ClientBase, table: string, sink: Writable): Promise<number>;
}
