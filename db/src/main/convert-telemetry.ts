#!/usr/bin/env node
import 'reflect-metadata';
import { readEnvironment } from '../kernel/environment.js';
import { convertTelemetry } from '../migrate/index.js';
import { rolePasswordsOf } from '../roles/index.js';

/** Moves the telemetry of the database that PILOTHOUSE_DATABASE_URL names into TimescaleDB, with Pilothouse stopped. */
async function main(): Promise<void> {
  const environment = readEnvironment();
  const { databaseUrl } = environment;
  if (!databaseUrl)
    throw new Error('The embedded PostgreSQL has no TimescaleDB; PILOTHOUSE_DATABASE_URL names one that has');
  await convertTelemetry({ adminUrl: databaseUrl, rolePasswords: await rolePasswordsOf(environment), log });
  log('Telemetry is stored by TimescaleDB');
}

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
