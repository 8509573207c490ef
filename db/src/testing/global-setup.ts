import type { TestProject } from 'vitest/node';
import { readEnvironment } from '../kernel/environment.js';
import './connection-info.js';
import { createTemplate, dropTemplate } from './template-database.js';
import { startTestCluster } from './test-cluster.js';
import { offersTimescale } from './timescale-server.js';

type TearDown = () => Promise<void>;

/** One server and one migrated template for the whole test run, and another where there is TimescaleDB. */
export default async function setUp(project: TestProject): Promise<TearDown> {
  const { testPostgresAdminUrl, testTimescaleUrl } = readEnvironment();
  const cluster = testPostgresAdminUrl ? undefined : await startTestCluster({ durable: false });
  const adminUrl = testPostgresAdminUrl ?? cluster!.adminUrl;
  const tearDowns: TearDown[] = cluster ? [() => cluster.remove()] : [];
  const tearDown = async (): Promise<void> => {
    for (const each of tearDowns.toReversed()) await each();
  };
  try {
    const server = await createTemplate(adminUrl);
    if (!cluster) tearDowns.push(() => dropTemplate(server));
    project.provide('testServer', server);
    const timescaleUrl = testTimescaleUrl ?? ((await offersTimescale(adminUrl)) ? adminUrl : undefined);
    const timescale = timescaleUrl ? await createTemplate(timescaleUrl, 'timescaledb') : null;
    if (timescale) tearDowns.push(() => dropTemplate(timescale));
    project.provide('timescaleServer', timescale);
    return tearDown;
  } catch (error) {
    await tearDown();
    throw error;
  }
}
