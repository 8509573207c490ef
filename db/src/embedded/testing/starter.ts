import { startEmbeddedPostgres } from '../embedded-postgres.js';

/** A control plane reduced to its database: starts it, says where it is, and stays until it is killed. */
const { adminUrl, port, dataDir } = await startEmbeddedPostgres({ stateDir: process.argv[2] ?? '' });
process.stdout.write(`${JSON.stringify({ adminUrl, port, dataDir })}\n`);
