import { randomUUID } from 'node:crypto';
import { Client, Pool } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../testing/index.js';
import type { HostPartRow, HostSampleRow } from '../figures.js';
import type { MaintenanceReport, MetricsBackend } from '../metrics.backend.js';
import type { TenantQuery } from '../read/telemetry.query.js';
import { TelemetryReader } from '../read/telemetry.reader.js';
import type { TelemetryBatch, WriteReport } from '../write/batch.js';
import { encodeFlush, parameterCasts, reportOn } from '../write/flush.js';

export interface TestAgent {
  workspaceId: string;
  serverId: string;
  metricKey: number;
  epoch: { generation: number; counter: number };
}

/** A store of a test file's own, and the roles that use it. */
export interface TestStore {
  database: TestDatabase;
  /** Acts as the owner of telemetry. */
  owner: Client;
  writerPool: Pool;
  appPool: Pool;
  addAgent(workspaceId?: string): Promise<TestAgent>;
  /** What `telemetry.ingest` does, at another moment. */
  writeAt(at: Date, batches: TelemetryBatch[]): Promise<WriteReport[]>;
  maintain(at: Date): Promise<MaintenanceReport>;
  /** Days that a tier is kept. */
  keepDays(tier: string): Promise<number>;
  reader(workspaceId: string): TelemetryReader;
  /** Leaves the database as it is. */
  disconnect(): Promise<void>;
  close(): Promise<void>;
}

export async function openStore(backend: MetricsBackend): Promise<TestStore> {
  return openStoreIn(await createTestDatabase(backend.name), backend);
}

/** Of a database that is there; `close` drops it, too. */
export async function openStoreIn(database: TestDatabase, backend: MetricsBackend): Promise<TestStore> {
  const admin = new Pool({ connectionString: database.adminUrl, max: 2 });
  const owner = new Client({ connectionString: database.adminUrl });
  await owner.connect();
  await owner.query('set role ph_telemetry_owner');
  const writerPool = new Pool({ connectionString: database.telemetryWriterUrl, max: 4 });
  const appPool = new Pool({ connectionString: database.appUrl, max: 2 });
  const disconnect = async (): Promise<void> => {
    await Promise.all([admin.end(), owner.end(), writerPool.end(), appPool.end()]);
  };
  return {
    database,
    owner,
    writerPool,
    appPool,
    addAgent: (workspaceId) => addAgent(admin, workspaceId),
    writeAt: (at, batches) => writeAt(owner, at, batches),
    maintain: (at) => backend.maintain(owner, at),
    async keepDays(tier) {
      const { rows } = await owner.query('select keep_days from telemetry_raw.tier where name = $1', [tier]);
      return rows[0].keep_days;
    },
    reader: (workspaceId) => new TelemetryReader(tenantQuery(appPool, workspaceId)),
    disconnect,
    async close() {
      await disconnect();
      await database.drop();
    },
  };
}

/** A transaction with the workspace set, for each statement, as the api's repositories do it. */
export function tenantQuery(pool: Pool, workspaceId: string): TenantQuery {
  return async (sql, parameters) => {
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query(`select set_config('app.workspace', $1, true)`, [workspaceId]);
      return (await client.query(sql, parameters)).rows;
    } finally {
      await client.query('rollback');
      client.release();
    }
  };
}

async function addAgent(admin: Pool, workspaceId?: string): Promise<TestAgent> {
  const workspace = workspaceId ?? randomUUID();
  const serverId = randomUUID();
  await admin.query(`insert into workspaces (id, name, created_at) values ($1, 'w', now()) on conflict do nothing`, [
    workspace,
  ]);
  const { rows } = await admin.query<{ metric_key: number }>(
    `insert into servers (id, workspace_id, name, profile, scopes, created_at) values ($1::uuid, $2, $1::uuid::text, 'full', '{}', now())
     returning metric_key`,
    [serverId, workspace],
  );
  await admin.query('insert into agent_sessions (server_id, workspace_id, generation, counter) values ($1, $2, 1, 1)', [
    serverId,
    workspace,
  ]);
  return { workspaceId: workspace, serverId, metricKey: rows[0]!.metric_key, epoch: { generation: 1, counter: 1 } };
}

async function writeAt(owner: Client, at: Date, batches: TelemetryBatch[]): Promise<WriteReport[]> {
  const flush = encodeFlush(batches);
  const { rows } = await owner.query(`select * from telemetry_logic.ingest_at($1, ${parameterCasts(2)})`, [
    at,
    ...flush.parameters,
  ]);
  return reportOn(flush, rows);
}

export function batchOf(agent: TestAgent, rows: { samples?: HostSampleRow[]; parts?: HostPartRow[] }): TelemetryBatch {
  return { serverId: agent.serverId, epoch: agent.epoch, samples: rows.samples ?? [], parts: rows.parts ?? [] };
}

export function sampleAt(time: Date, figures: Partial<HostSampleRow> = {}): HostSampleRow {
  return {
    cpuPct: 12.5,
    iowaitPct: 0.5,
    stealPct: 0,
    load1: 0.75,
    load5: 0.5,
    load15: 0.25,
    memUsedMib: 2048,
    memAvailableMib: 6144,
    swapUsedMib: 0,
    diskUsedMib: 40_960,
    diskReadKibs: 12,
    diskWriteKibs: 340,
    netRxKibs: 25,
    netTxKibs: 31,
    processCount: 214,
    inodesUsedPct: 7,
    psiCpuPct: null,
    psiMemoryPct: null,
    psiIoPct: null,
    ...figures,
    time: time.toISOString(),
  };
}

export function partAt(time: Date, name: string, figures: Partial<HostPartRow> = {}): HostPartRow {
  return {
    kind: 'MOUNT',
    busyPct: null,
    usedPct: 50,
    usedMib: 5000,
    sizeMib: 10_000,
    inodesUsedPct: 3,
    readKibs: null,
    writeKibs: null,
    rxKibs: null,
    txKibs: null,
    ...figures,
    name,
    time: time.toISOString(),
  };
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const floorTo = (time: number, width: number): Date => new Date(Math.floor(time / width) * width);
