import { randomBytes } from 'node:crypto';
import { Client, DatabaseError, escapeIdentifier } from 'pg';
import { inject } from 'vitest';
import { grantDatabaseAccess, roleUrl, type RolePasswords } from '../roles/index.js';
import type { DriverName } from '../timeseries/index.js';
import type { TestServer } from './connection-info.js';

/** SQLSTATE of a database that somebody is connected to. */
const OBJECT_IN_USE = '55006';

/** A migrated, empty database of a test's own, with the product's roles and rights. */
export interface TestDatabase {
  name: string;
  adminUrl: string;
  appUrl: string;
  jobsUrl: string;
  telemetryWriterUrl: string;
  signerUrl: string;
  rolePasswords: RolePasswords;
  /** Throws out whoever is still connected. */
  drop(): Promise<void>;
}

/** Makes a database on the server of this vitest run; the caller drops it when done. */
export function createTestDatabase(telemetry: DriverName = 'plain'): Promise<TestDatabase> {
  return createDatabaseOn(serverOf(telemetry));
}

/** A database without a single table of ours, for the tests of migrations. */
export function createEmptyTestDatabase(telemetry: DriverName = 'plain'): Promise<TestDatabase> {
  return createDatabaseOn({ ...serverOf(telemetry), template: 'template0' });
}

/** Whether this run has a server for the driver. */
export const hasTimescale = (): boolean => inject('timescaleServer') !== null;

function serverOf(telemetry: DriverName): TestServer {
  const server = telemetry === 'plain' ? inject('testServer') : inject('timescaleServer');
  if (!server) throw new Error(`This test run has no server with ${telemetry}`);
  return server;
}

export async function createDatabaseOn({ adminUrl, rolePasswords, template }: TestServer): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await createDatabase(adminUrl, name, template);
  const own = databaseUrl(adminUrl, name);
  await withClient(own, grantDatabaseAccess);
  return {
    name,
    adminUrl: own,
    appUrl: roleUrl(own, 'ph_app', rolePasswords.ph_app),
    jobsUrl: roleUrl(own, 'ph_jobs', rolePasswords.ph_jobs),
    telemetryWriterUrl: roleUrl(own, 'ph_telemetry_writer', rolePasswords.ph_telemetry_writer),
    signerUrl: roleUrl(own, 'ph_signer', rolePasswords.ph_signer),
    rolePasswords,
    drop: () => dropDatabase(adminUrl, name),
  };
}

/**
 * A pool calls itself ended while its connections are still closing, and to throw those out would be an error in the
 * test: PostgreSQL waits up to five seconds for them. Only who stays longer is thrown out.
 */
async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  const statement = `drop database if exists ${escapeIdentifier(name)}`;
  try {
    await onServer(adminUrl, statement);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== OBJECT_IN_USE) throw error;
    await onServer(adminUrl, `${statement} with (force)`);
  }
}

/** With the collation of the embedded server, wherever the tests run: sorted lists must not depend on the host. */
export function createDatabase(adminUrl: string, name: string, template: string): Promise<void> {
  const locale = `encoding 'UTF8' locale 'C' locale_provider builtin builtin_locale 'C.UTF-8'`;
  return onServer(
    adminUrl,
    `create database ${escapeIdentifier(name)} template ${escapeIdentifier(template)} ${locale}`,
  );
}

export function databaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = database;
  return url.href;
}

export async function onServer(adminUrl: string, statement: string): Promise<void> {
  await withClient(adminUrl, (client) => client.query(statement));
}

export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, application_name: 'pilothouse tests' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
