import { createHmac } from 'node:crypto';
import { escapeIdentifier } from 'pg';
import { migrate } from '../migrate/index.js';
import { forEachLoginRole, type RolePasswords } from '../roles/index.js';
import type { DriverName } from '../timeseries/index.js';
import type { TestServer } from './connection-info.js';
import { createDatabase, databaseUrl, onServer, withClient } from './test-database.js';

/** Migrates one database, of which the tests get copies: a copy takes a tenth of a migration. */
export async function createTemplate(serverUrl: string, telemetryDriver: DriverName = 'plain'): Promise<TestServer> {
  const adminUrl = databaseUrl(serverUrl, 'postgres');
  const template = `test_template_${telemetryDriver}_${process.pid}`;
  const name = escapeIdentifier(template);
  const rolePasswords = passwordsOf(adminUrl);
  await onServer(adminUrl, `drop database if exists ${name} with (force)`);
  await createDatabase(adminUrl, template, 'template0');
  await migrate({ adminUrl: databaseUrl(adminUrl, template), rolePasswords, telemetryDriver });
  if (telemetryDriver === 'timescaledb') await leaveAlone(databaseUrl(adminUrl, template));
  await onServer(adminUrl, `alter database ${name} allow_connections false`);
  return { adminUrl, rolePasswords, template };
}

/** TimescaleDB keeps a worker connected to each database that has it, and what somebody is connected to cannot be copied. */
function leaveAlone(url: string): Promise<unknown> {
  return withClient(url, (client) => client.query('select _timescaledb_functions.stop_background_workers()'));
}

export async function dropTemplate({ adminUrl, template }: TestServer): Promise<void> {
  await onServer(adminUrl, `drop database if exists ${escapeIdentifier(template)} with (force)`);
}

/** Roles belong to the server: test runs that share one must agree on the passwords without talking to each other. */
function passwordsOf(adminUrl: string): RolePasswords {
  const secret = new URL(adminUrl).password;
  return forEachLoginRole((role) => createHmac('sha256', secret).update(role).digest('base64url'));
}
