#!/usr/bin/env node
import 'reflect-metadata';
import { startEmbeddedPostgres } from '../embedded/index.js';
import { readEnvironment, type Environment } from '../kernel/environment.js';
import { migrate, type MigrationReport } from '../migrate/index.js';
import { rolePasswordsOf } from '../roles/index.js';

/** Migrates the database that PILOTHOUSE_DATABASE_URL names, or the embedded one while no control plane runs on it. */
async function main(): Promise<MigrationReport> {
  const environment = readEnvironment();
  if (environment.databaseUrl) return bringUpToDate(environment.databaseUrl, environment);
  const postgres = await startEmbeddedPostgres({ stateDir: environment.stateDir, log });
  try {
    return await bringUpToDate(postgres.adminUrl, environment);
  } finally {
    await postgres.stop();
  }
}

async function bringUpToDate(adminUrl: string, environment: Environment): Promise<MigrationReport> {
  return migrate({ adminUrl, rolePasswords: await rolePasswordsOf(environment), log });
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
