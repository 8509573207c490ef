#!/usr/bin/env node
import 'reflect-metadata';
import { startEmbeddedPostgres } from '../embedded/index.js';
import { readEnvironment } from '../kernel/environment.js';
import { migrate, type MigrationReport } from '../migrate/index.js';
import { keepRolePasswords } from '../roles/index.js';

/** Migrates the database that PILOTHOUSE_DATABASE_URL names, or the embedded one while no control plane runs on it. */
async function main(): Promise<MigrationReport> {
  const { databaseUrl, stateDir } = readEnvironment();
  if (databaseUrl) return migrate({ adminUrl: databaseUrl, rolePasswords: await keepRolePasswords(stateDir), log });
  const postgres = await startEmbeddedPostgres({ stateDir, log });
  try {
    return await migrate({ adminUrl: postgres.adminUrl, rolePasswords: await keepRolePasswords(stateDir), log });
  } finally {
    await postgres.stop();
  }
}

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  const { applied, telemetryDriver } = await main();
  log(applied.length === 0 ? 'The schema is up to date' : `Applied ${applied.length} migrations`);
  log(`Telemetry is stored by the ${telemetryDriver} driver`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
