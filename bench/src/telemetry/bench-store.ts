import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { generateRolePasswords, migrate, roleUrl } from '@pilothouse/db';
import { startEmbeddedPostgres } from '@pilothouse/db/embedded';
import { Client } from 'pg';

/** A store of its own, with servers that hold a session. */
export interface BenchStore {
  admin: Client;
  adminUrl: string;
  appUrl: string;
  writerUrl: string;
  /** How the store keeps telemetry, on which PostgreSQL. */
  about: string;
  workspaceId: string;
  serverIds: string[];
  close(): Promise<void>;
}

interface BenchDatabase {
  url: string;
  remove(): Promise<void>;
}

/**
 * On an embedded server in a temporary directory, which keeps what is committed, or, where the command line names the
 * URL of a superuser, in a database of its own on that server. Either is removed by `close`.
 */
export async function openBenchStore(servers: number): Promise<BenchStore> {
  const serverUrl = process.argv[2];
  const database = serverUrl ? await createDatabase(serverUrl) : await startServer();
  const admin = new Client({ connectionString: database.url });
  const close = async (): Promise<void> => {
    await admin.end();
    await database.remove();
  };
  try {
    const rolePasswords = generateRolePasswords();
    const { telemetryDriver } = await migrate({ adminUrl: database.url, rolePasswords });
    await admin.connect();
    const { rows } = await admin.query<{ server_version: string }>('show server_version');
    const workspaceId = randomUUID();
    return {
      admin,
      adminUrl: database.url,
      appUrl: roleUrl(database.url, 'ph_app', rolePasswords.ph_app),
      writerUrl: roleUrl(database.url, 'ph_telemetry_writer', rolePasswords.ph_telemetry_writer),
      about: `${telemetryDriver} driver, PostgreSQL ${rows[0]!.server_version}`,
      workspaceId,
      serverIds: await addServers(admin, workspaceId, servers),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startServer(): Promise<BenchDatabase> {
  const stateDir = await mkdtemp(join(tmpdir(), 'pilothouse-bench-'));
  await chmod(stateDir, 0o711); // as root, PostgreSQL's own account must be able to pass
  const postgres = await startEmbeddedPostgres({ stateDir });
  return {
    url: postgres.adminUrl,
    async remove() {
      await postgres.stop();
      await rm(dirname(postgres.dataDir), { recursive: true, force: true });
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

async function createDatabase(serverUrl: string): Promise<BenchDatabase> {
  const name = `pilothouse_bench_${process.pid}`;
  const onServer = async (statement: string): Promise<void> => {
    const client = new Client({ connectionString: serverUrl });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  await onServer(`create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = name;
  return { url: url.href, remove: () => onServer(`drop database ${name} with (force)`) };
}

/** In the order of their telemetry keys, which are 1, 2, 3 ... */
async function addServers(admin: Client, workspaceId: string, count: number): Promise<string[]> {
  await admin.query(`insert into workspaces (id, name, created_at) values ($1, 'bench', now())`, [workspaceId]);
  await admin.query(
    `insert into servers (id, workspace_id, name, profile, scopes, created_at)
     select gen_random_uuid(), $1, 'server-' || n, 'full', '{}', now() from generate_series(1, $2::int) n`,
    [workspaceId, count],
  );
  await admin.query(`insert into agent_sessions (server_id, workspace_id, generation, counter)
    select id, workspace_id, 1, 1 from servers`);
  await admin.query('vacuum analyze servers, agent_sessions');
  const { rows } = await admin.query<{ id: string }>('select id from servers order by metric_key');
  return rows.map(({ id }) => id);
}
