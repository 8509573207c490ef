/**
 * The telemetry store: samples of hosts and their parts, roll-ups, and the newest sample of each server, behind one
 * schema of views that isolates workspaces. README.md has the rules.
 */
export {
  HOST_FIGURES,
  PART_FIGURES,
  PART_KINDS,
  UNITS,
  type Figure,
  type HostFigure,
  type HostPartRow,
  type HostSampleRow,
  type PartFigure,
  type PartKind,
  type Unit,
} from './figures.js';
export { FAMILIES, MAX_PARTS_PER_KIND, TIERS, type Family, type Tier } from './tiers.js';
export { extensionState, readExtensionFacts, type DriverName, type ExtensionState } from './driver.detection.js';
export { ConversionRefusedError, convertToTimescale } from './convert.js';
export { BACKENDS } from './drivers.js';
export { EXPORTED_TABLES } from './export.js';
export {
  ConversionUnfinishedError,
  installTelemetry,
  TimescaleMissingError,
  type InstalledTelemetry,
  type TelemetryInstallation,
} from './install.js';
export type { MaintenanceReport, MetricsBackend } from './metrics.backend.js';
export { RetentionRefusedError, setRetention, type RetentionSetting } from './retention.js';
export { maintainTelemetry } from './sql.backend.js';
export {
  REFUSAL_REASONS,
  type RefusalReason,
  type RowRefusal,
  type TelemetryBatch,
  type WriteReport,
} from './write/batch.js';
export { TelemetryOverloadedError, TelemetryWriter, type TelemetryWriterOptions } from './write/telemetry.writer.js';
export * from './read/telemetry.query.js';
export { TelemetryReader } from './read/telemetry.reader.js';
