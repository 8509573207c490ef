import { afterAll, beforeAll, expect, test } from 'vitest';
import { durableTestCluster, type DurableTestCluster } from './durable-test-cluster.js';
import { withClient } from './test-database.js';

let cluster: DurableTestCluster;
beforeAll(async () => void (cluster = await durableTestCluster()));
afterAll(() => cluster.remove());

test('what was committed a moment before kill -9 of PostgreSQL is there when it is back', async () => {
  const database = await cluster.createDatabase();
  const killed = await cluster.postmasterPid();
  await withClient(database.adminUrl, async (client) => {
    const gone = new Promise((resolve) => client.once('error', resolve));
    await client.query('create table acknowledged as select 1 as id');
    process.kill(killed, 'SIGKILL');
    await gone;
  });
  const found = await cluster.untilBack(() =>
    withClient(database.adminUrl, (client) => client.query('select id from acknowledged')),
  );
  expect(found.rows).toEqual([{ id: 1 }]);
  expect(await cluster.postmasterPid()).not.toBe(killed);
});
