import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@pilothouse/db/testing';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readEnvironment } from '../../kernel/environment.js';
import { ensureInstallation } from '../installation/installation.js';
import { readReplica } from './replica.js';

let database: TestDatabase;
let stateDir: string;

beforeAll(async () => {
  database = await createTestDatabase();
  stateDir = await mkdtemp(join(tmpdir(), 'pilothouse-replica-'));
  await ensureInstallation({ stateDir, adminUrl: database.adminUrl });
  await rm(join(stateDir, 'signer'), { recursive: true });
});
afterAll(async () => {
  await database.drop();
  await rm(stateDir, { recursive: true });
});

/** A process that is given the passwords of these roles and no others. */
async function replicaWith(roles: readonly string[]) {
  const passwords = Object.fromEntries(Object.entries(database.rolePasswords).filter(([role]) => roles.includes(role)));
  await writeFile(join(stateDir, 'database-roles.json'), JSON.stringify(passwords));
  const environment = readEnvironment({
    PILOTHOUSE_STATE_DIR: stateDir,
    PILOTHOUSE_DATABASE_URL: database.adminUrl,
    PILOTHOUSE_SIGNER_SOCKET: join(stateDir, 'signer.sock'),
    PILOTHOUSE_JOBS_PROCESS: 'own',
  });
  return readReplica(environment, pino({ level: 'silent' }));
}

it('needs no password of the jobs’ role where it runs none', async () => {
  const replica = await replicaWith(['ph_app', 'ph_telemetry_writer']);
  expect(new URL(replica.parts.urls.app).username).toBe('ph_app');
  expect(() => replica.jobs()).toThrow('holds no password for ph_jobs');
});

it('runs jobs as their own role', async () => {
  const replica = await replicaWith(['ph_app', 'ph_telemetry_writer', 'ph_jobs']);
  expect(new URL(replica.jobs().url).username).toBe('ph_jobs');
});
