import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { generateRolePasswords, migrate, roleUrl } from '@pilothouse/db';
import { startEmbeddedPostgres } from '@pilothouse/db/embedded';
import { Client } from 'pg';

/** A store of its own on a durable server in a temporary directory, with servers that hold a session. */
export interface BenchStore {
  admin: Client;
  adminUrl: string;
  appUrl: string;
  writerUrl: string;
  workspaceId: string;
  serverIds: string[];
  close(): Promise<void>;
}

export async function openBenchStore(servers: number): Promise<BenchStore> {
  const stateDir = await mkdtemp(join(tmpdir(), 'pilothouse-bench-'));
  await chmod(stateDir, 0o711); // as root, PostgreSQL's own account must be able to pass
  const postgres = await startEmbeddedPostgres({ stateDir });
  const admin = new Client({ connectionString: postgres.adminUrl });
  const close = async (): Promise<void> => {
    await admin.end();
    await postgres.stop();
    await rm(dirname(postgres.dataDir), { recursive: true, force: true });
    await rm(stateDir, { recursive: true, force: true });
  };
  try {
    const rolePasswords = generateRolePasswords();
    await migrate({ adminUrl: postgres.adminUrl, rolePasswords });
    await admin.connect();
    const workspaceId = randomUUID();
    return {
      admin,
      adminUrl: postgres.adminUrl,
      appUrl: roleUrl(postgres.adminUrl, 'ph_app', rolePasswords.ph_app),
      writerUrl: roleUrl(postgres.adminUrl, 'ph_telemetry_writer', rolePasswords.ph_telemetry_writer),
      workspaceId,
      serverIds: await addServers(admin, workspaceId, servers),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
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
