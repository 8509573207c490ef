import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { dataSourceOptions } from '@pilothouse/db';
import { durableTestCluster, seedServer, seedWorkspace, type DurableTestCluster } from '@pilothouse/db/testing';
import { Client } from 'pg';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCommandsFeature } from '../features/commands/index.js';
import { Database } from '../kernel/database/index.js';
import { InProcessEventBus } from '../kernel/event-bus.js';
import type { RedisPlace } from '../kernel/redis-event-bus.js';
import { createJobs, type Sweeps } from './index.js';
import { OnRedis, onPostgres, type BackendServer } from './testing/backends.js';

const log = pino({ level: 'silent' });
const nothing = async () => undefined;

let cluster: DurableTestCluster;
beforeAll(async () => void (cluster = await durableTestCluster()));
afterAll(() => cluster.remove());

function jobsOf(url: string, sweeps: Partial<Sweeps>, redis: RedisPlace | null = null) {
  return createJobs({
    url,
    redis,
    log,
    sweeps: { commands: nothing, runs: nothing, agents: nothing, anchors: nothing, ...sweeps },
  });
}

/** Commits a command that has nobody to care for it any more, and is killed before it can do anything else. */
const COMMIT_AND_DIE = `
  import pg from 'pg';
  const [url, sql] = process.argv.slice(1);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  process.kill(process.pid, 'SIGKILL');`;

async function isDoneFromTheRow(server: BackendServer): Promise<void> {
  const database = await cluster.createDatabase();
  const { workspaceId, userId } = await seedWorkspace(database);
  const { serverId } = await seedServer(database, workspaceId);
  const commandId = uuidv7();
  const insert = `insert into commands (id, workspace_id, server_id, sequence, priority, state, arguments, scopes, limits, idempotent,
      actor_kind, actor_id, search_text, created_at, expires_at)
    values ('${commandId}', '${workspaceId}', '${serverId}', 1, 0, 'QUEUED', '{}', '{}', '{}', false, 'USER', '${userId}', '',
      now() - interval '2 days', now() - interval '1 day')`;
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const child = spawn(process.execPath, ['--input-type=module', '-e', COMMIT_AND_DIE, database.adminUrl, insert], {
    cwd,
  });
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);

  const options = { url: database.appUrl, applicationName: 'pilothouse tests', poolSize: 2 };
  const dataSource = await new DataSource(dataSourceOptions(options)).initialize();
  const bus = new InProcessEventBus();
  const ended = new Promise<void>((resolve) => bus.subscribe(`output:${commandId}`, resolve));
  const unused = {} as never;
  const { sweep } = createCommandsFeature({
    database: new Database(dataSource, bus),
    bus,
    log,
    sealing: unused,
    signer: unused,
    targets: unused,
    templates: unused,
    alarm: unused,
    commandKeys: unused,
  });
  const jobs = jobsOf(database.jobsUrl, { commands: (now) => sweep.run(now) }, server.scene(database).redis);
  await jobs.start();
  await ended;
  await jobs.stop();
  await dataSource.destroy();
  const admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
  const { rows } = await admin.query('select state from commands where id = $1', [commandId]);
  await admin.end();
  expect(rows).toEqual([{ state: 'EXPIRED' }]);
}

describe.each([onPostgres, new OnRedis()])('with its jobs on $name', (server) => {
  beforeAll(async () => server.isHere && server.start());
  afterAll(async () => server.isHere && server.remove());

  test.runIf(server.isHere)(
    'what a process committed before it was killed is done by the next one, from the row alone',
    () => isDoneFromTheRow(server),
  );
});

test('jobs go on by themselves after PostgreSQL was killed', async () => {
  const database = await cluster.createDatabase();
  let runs = 0;
  let wake: () => void = () => undefined;
  const jobs = jobsOf(database.jobsUrl, {
    runs: async () => {
      runs += 1;
      wake();
    },
  });
  const ran = (count: number) =>
    new Promise<void>((resolve) => {
      wake = () => runs >= count && resolve();
      wake();
    });
  await jobs.start();
  await ran(2);
  process.kill(await cluster.postmasterPid(), 'SIGKILL');
  await cluster.untilBack(async () => {
    const client = new Client({ connectionString: database.adminUrl });
    await client.connect();
    await client.end();
  });
  await ran(runs + 3);
  await jobs.stop();
});

test('every job of the product runs with the rights of its role', async () => {
  const database = await cluster.createDatabase();
  const { jobs, stop } = jobsOf(database.jobsUrl, {});
  for (const job of jobs) await job.run({ now: new Date(), signal: new AbortController().signal });
  await stop();
  expect(jobs.map(({ name }) => name)).toEqual([
    'sweep-commands',
    'advance-runs',
    'sweep-agents',
    'anchor-audit',
    'telemetry-maintain',
    'retention',
  ]);
});
