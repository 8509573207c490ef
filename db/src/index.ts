import 'reflect-metadata';

/** What is stored: entities, migrations, roles. The telemetry store and the embedded server have entries of their own. */
export {
  dataSourceOptions,
  migrate,
  type ConnectionSettings,
  type MigrateOptions,
  type MigrationReport,
} from './migrate/index.js';
export {
  generateRolePasswords,
  JOBS_SCHEMA,
  keepRolePasswords,
  LOGIN_ROLES,
  readRolePasswords,
  rolePasswordsOf,
  roleUrl,
  type LoginRole,
  type RolePasswords,
} from './roles/index.js';
export { RETENTION_DAYS, type RetainedTable } from './retention-days.js';
export { LATEST_MIGRATION } from './migrations/index.js';
export * from './entities/index.js';
