import type { TestProject } from 'vitest/node';
import { readEnvironment } from '../kernel/environment.js';
import './connection-info.js';
import { createTemplate, dropTemplate } from './template-database.js';
import { startTestCluster } from './test-cluster.js';

/** One server and one migrated template for the whole test run; returns what takes them away again. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const { testPostgresAdminUrl } = readEnvironment();
  if (testPostgresAdminUrl) {
    const server = await createTemplate(testPostgresAdminUrl);
    project.provide('testServer', server);
    return () => dropTemplate(server);
  }
  const cluster = await startTestCluster({ durable: false });
  const server = await createTemplate(cluster.adminUrl).catch(async (error: unknown) => {
    await cluster.remove();
    throw error;
  });
  project.provide('testServer', server);
  return () => cluster.remove();
}
