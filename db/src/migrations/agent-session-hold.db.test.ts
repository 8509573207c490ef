import { Client } from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { inScope } from '../testing/in-scope.js';
import { createTestDatabase, seedServer, seedWorkspace, type TestDatabase } from '../testing/index.js';

let database: TestDatabase;
let admin: Client;
let writer: Client;
let gateway: Client;
let scope: { workspaceId: string };
let serverId: string;
let metricKey: number;

beforeEach(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.adminUrl });
  writer = new Client({ connectionString: database.appUrl });
  gateway = new Client({ connectionString: database.appUrl });
  await Promise.all([admin.connect(), writer.connect(), gateway.connect()]);
  const { workspaceId } = await seedWorkspace(database);
  scope = { workspaceId };
  ({ serverId, metricKey } = await seedServer(database, workspaceId, { session: { counter: 5 } }));
});

afterEach(async () => {
  await Promise.all([admin.end(), writer.end(), gateway.end()]);
  await database.drop();
});

async function hold(client: Client, [generation, counter]: [number, number]): Promise<unknown[]> {
  const values = [[serverId], [generation], [counter]];
  const { rows } = await client.query('select * from public.agent_session_hold($1, $2, $3)', values);
  return rows;
}

const raise = () => gateway.query('update agent_sessions set counter = counter + 1 where server_id = $1', [serverId]);

/** Resolves once `client` waits for a lock: the event itself, as the server sees it. */
async function waitsForLock(client: Client): Promise<void> {
  const { processID } = client as Client & { processID: number };
  await vi.waitFor(
    async () => {
      const { rows } = await admin.query('select cardinality(pg_blocking_pids($1)) as blockers', [processID]);
      expect(rows).toEqual([{ blockers: 1 }]);
    },
    { timeout: 10_000, interval: 5 },
  );
}

test('only the current epoch is held', async () => {
  await inScope(writer, {}, async () => {
    expect(await hold(writer, [1, 5])).toEqual([{ server_id: serverId, metric_key: metricKey }]);
    for (const stale of [
      [1, 4],
      [1, 6],
      [0, 5],
      [2, 5],
    ] as [number, number][])
      expect(await hold(writer, stale)).toEqual([]);
  });
});

test('a newer connection waits until the write that holds the epoch is over', async () => {
  const order: string[] = [];
  await writer.query('begin');
  expect(await hold(writer, [1, 5])).toHaveLength(1);
  const raised = inScope(gateway, scope, raise).then(() => order.push('raised'));
  await waitsForLock(gateway);
  order.push('written');
  await writer.query('commit');
  await raised;
  expect(order).toEqual(['written', 'raised']);
  expect(await hold(writer, [1, 5])).toEqual([]);
  expect(await hold(writer, [1, 6])).toHaveLength(1);
});

test('a write that waited for a newer connection finds its epoch stale', async () => {
  await gateway.query('begin');
  await gateway.query(`select set_config('app.workspace', $1, true)`, [scope.workspaceId]);
  await raise();
  const held = hold(writer, [1, 5]);
  await waitsForLock(writer);
  await gateway.query('commit');
  expect(await held).toEqual([]);
});

test('two writes of one epoch do not wait for each other', async () => {
  await inScope(writer, {}, async () => {
    await hold(writer, [1, 5]);
    await inScope(gateway, scope, async () => expect(await hold(gateway, [1, 5])).toHaveLength(1));
  });
});

test('noting that frames arrived waits for no write, however long that takes', async () => {
  await inScope(writer, {}, async () => {
    await hold(writer, [1, 5]);
    const { rows } = await gateway.query('select touch_agent_sessions($1, $2, $3, $4) as touched', [
      [serverId],
      [5],
      [new Date()],
      [1],
    ]);
    expect(rows).toEqual([{ touched: serverId }]);
  });
});

test('noting frames and holding many sessions at once never wait for each other in a circle', async () => {
  const ids = [serverId];
  while (ids.length < 40) {
    const server = await seedServer(database, scope.workspaceId, { session: { counter: 5 } });
    ids.push(server.serverId);
  }
  ids.sort();
  const all = (list: readonly string[]) => [list, list.map(() => 1), list.map(() => 5)];
  const other = new Client({ connectionString: database.appUrl });
  await other.connect();
  const holding = async (client: Client) => {
    for (let round = 0; round < 200; round += 1)
      await client.query('select from public.agent_session_hold($1, $2, $3)', all(ids));
  };
  const noting = async (client: Client, list: readonly string[]) => {
    for (let round = 0; round < 200; round += 1) {
      const [, , counters] = all(list);
      const times = list.map(() => new Date());
      await client.query('select touch_agent_sessions($1, $2, $3, $4)', [list, counters, times, list.map(() => 1)]);
    }
  };
  await Promise.all([holding(writer), noting(gateway, ids.toReversed()), noting(other, ids)]);
  await other.end();
});
