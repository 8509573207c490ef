import type { ClientBase } from 'pg';
import type { DriverName } from './driver.detection.js';
import type { Migration } from './schema/tables.sql.js';

/** What differs between drivers: how tables are cut into partitions, and what is done to those that are complete. */
export interface Driver {
  readonly name: DriverName;
  /** Days that samples are kept unless somebody sets otherwise, where that is not what `tiers.ts` says. */
  readonly sampleKeepDays?: number;
  /** The SQL for this database. */
  sql(client: ClientBase): Promise<DriverSql>;
}

export interface DriverSql {
  /** Run once each, in this order; their names are those of the ledger. */
  migrations: readonly Migration[];
  /**
   * Of the schema `telemetry_logic`: the view `partition` (tier, name, ends_at) and the functions
   * `ensure_partitions(at, anew)`, `drop_before(tier, before)`, which returns names, and `settle(at)`, which works on
   * what is complete, a bounded piece in each call, and returns true when nothing is left.
   */
  partitions: string;
  /** Statements on functions that were defined after `partitions`. */
  afterFunctions: string;
}
