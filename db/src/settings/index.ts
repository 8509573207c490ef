/** How an operator names the database: read alike by every program that opens it. */
export { DATABASE_SECRETS, databaseSettings } from './database-settings.js';
export { withSecretsFromFiles } from './secrets-from-files.js';
