/** Real PostgreSQL for tests: a database of its own for each test file, and a server to kill for crash tests. */
export { createEmptyTestDatabase, createTestDatabase, hasTimescale, type TestDatabase } from './test-database.js';
export { durableTestCluster, type DurableTestCluster } from './durable-test-cluster.js';
export {
  seedServer,
  seedWorkspace,
  type SeededServer,
  type SeededWorkspace,
  type ServerSeed,
  type WorkspaceSeed,
} from './seed.js';
export { waitUntil } from './wait-until.js';
export { seedEveryTable, type FullWorkspace } from './seed-every-table.js';
