/** From an empty or older database to the schema of this version. */
export { convertTelemetry } from './convert-telemetry.js';
export { dataSourceOptions, type ConnectionSettings } from './data-source-options.js';
export { migrate, type MigrateOptions, type MigrationReport } from './migrate.js';
