import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, seedServer, seedWorkspace, type TestDatabase } from '@pilothouse/db/testing';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hostVariables } from '../kernel/environment.js';
import { eventually } from '../testing/index.js';
import { ensureInstallation } from './installation/installation.js';

const JOBS = fileURLToPath(new URL('../../dist/main/jobs.js', import.meta.url));

let database: TestDatabase;
let admin: Client;
let directory: string;
let stateDir: string;

beforeAll(async () => {
  database = await createTestDatabase();
  admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
  directory = await mkdtemp(join(tmpdir(), 'pilothouse-jobs-'));
  stateDir = join(directory, 'state');
  await ensureInstallation({ stateDir, adminUrl: database.adminUrl });
  await writeFile(join(stateDir, 'database-roles.json'), JSON.stringify(database.rolePasswords), { mode: 0o600 });
});
afterAll(async () => {
  await admin.end();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

/** The program that operators start. */
class JobsProcess {
  said = '';
  readonly ended: Promise<number | null>;
  private readonly process: ChildProcess;

  constructor(variables: Record<string, string> = {}) {
    const env = { ...hostVariables(), PILOTHOUSE_STATE_DIR: stateDir, PILOTHOUSE_DATABASE_URL: database.adminUrl };
    const child = spawn(process.execPath, [JOBS], {
      env: { ...env, ...variables },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.on('data', (piece: Buffer) => (this.said += piece.toString()));
    this.ended = once(child, 'close').then(([code]) => code as number | null);
    this.process = child;
  }

  stop(): Promise<number | null> {
    this.process.kill('SIGTERM');
    return this.ended;
  }
}

it('does not start where the api signs by itself: two processes must not sign', async () => {
  const alone = new JobsProcess();
  expect(await alone.ended).toBe(1);
  expect(alone.said).toContain('PILOTHOUSE_SIGNER_SOCKET is missing');
});

it('does what is due without an api, two of them at once too, and ends when it is asked to', async () => {
  await rm(join(stateDir, 'signer'), { recursive: true });
  const { workspaceId, userId } = await seedWorkspace(database);
  const { serverId } = await seedServer(database, workspaceId);
  const id = uuidv7();
  await admin.query(
    `insert into commands (id, workspace_id, server_id, sequence, priority, state, arguments, scopes, limits, idempotent,
       actor_kind, actor_id, search_text, created_at, expires_at)
     values ($1, $2, $3, 1, 0, 'QUEUED', '{}', '{}', '{}', false, 'USER', $4, '', now() - interval '2 days', now() - interval '1 day')`,
    [id, workspaceId, serverId, userId],
  );
  const both = [1, 2].map(() => new JobsProcess({ PILOTHOUSE_SIGNER_SOCKET: join(directory, 'signer.sock') }));
  await eventually(async () => (both.every(({ said }) => said.includes('Jobs run')) ? true : null));
  await eventually(async () => {
    const { rows } = await admin.query<{ state: string }>('select state from commands where id = $1', [id]);
    return rows[0]?.state === 'EXPIRED' ? true : null;
  });
  expect(await Promise.all(both.map((jobs) => jobs.stop()))).toEqual([0, 0]);
  const { rows } = await admin.query('select kind from workspace_events where subject_id = $1', [id]);
  expect(rows).toEqual([{ kind: 'COMMAND' }]);
});
